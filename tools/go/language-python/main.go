// pulumi-language-python is a small Python language host on Pulumi's own SDK
// packages, for networks where the official host cannot be had. It runs
// programs and plugins; code generation and dependency installation are the
// official host's business.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/pulumi/pulumi/sdk/v3/go/common/util/cmdutil"
	"github.com/pulumi/pulumi/sdk/v3/go/common/util/rpcutil"
	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"google.golang.org/grpc"
)

const engineHealthInterval = 5 * time.Second

func main() {
	// The engine passes options of the official host as well: unknown ones must not be fatal.
	flags := flag.NewFlagSet("pulumi-language-python", flag.ContinueOnError)
	flags.String("tracing", "", "ignored")
	flags.Int("v", 0, "ignored: the engine's log level")
	flags.Bool("logtostderr", false, "ignored")
	flags.Bool("logflow", false, "ignored")
	flags.String("root", "", "ignored: each request carries its root directory")
	if err := flags.Parse(os.Args[1:]); err != nil {
		cmdutil.Exit(fmt.Errorf("pulumi-language-python: %w", err))
	}
	if flags.NArg() < 1 {
		cmdutil.Exit(fmt.Errorf("pulumi-language-python: the engine's address is missing"))
	}
	engine := flags.Arg(0)

	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	// Without this a killed engine leaves the host, and the program that it runs, behind.
	if err := rpcutil.Healthcheck(ctx, engine, engineHealthInterval, stop); err != nil {
		cmdutil.Exit(fmt.Errorf("pulumi-language-python: engine at %s: %w", engine, err))
	}
	cancel := make(chan bool)
	go func() {
		<-ctx.Done()
		stop()
		close(cancel)
	}()

	host := &languageHost{engine: engine, ctx: ctx}
	handle, err := rpcutil.ServeWithOptions(rpcutil.ServeOptions{
		Cancel: cancel,
		Init: func(server *grpc.Server) error {
			pulumirpc.RegisterLanguageRuntimeServer(server, host)
			return nil
		},
		Options: rpcutil.TracingServerInterceptorOptions(nil),
	})
	if err != nil {
		cmdutil.Exit(fmt.Errorf("pulumi-language-python: listen: %w", err))
	}
	fmt.Printf("%d\n", handle.Port)
	if err := <-handle.Done; err != nil {
		cmdutil.Exit(fmt.Errorf("pulumi-language-python: serve: %w", err))
	}
}
