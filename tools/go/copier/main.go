// kitchen-copier moves one image, byte for byte, between a registry and an OCI
// layout, or asks a registry what it can hold. It reads one job in JSON from
// standard input and tells what happens as JSON lines on standard output.
//
// Before it moves a blob it tells its plan, and waits for one more line.
//
// Standard input stays open while the job runs: when it closes, whoever
// started the job is gone, and the job ends. So no copier outlives a command
// that was killed.
package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
	"time"
)

// version is set by the build; protocol names the form of jobs and events.
var version = "unknown"

const protocol = 2

// job is what to do. Which fields are read depends on Do.
type job struct {
	Do         string     `json:"do"`
	Repository string     `json:"repository"`
	Digest     string     `json:"digest"`
	Layout     string     `json:"layout"`
	Bare       bool       `json:"bare"` // without what is signed or said about the image
	Blobs      []blob     `json:"blobs"`
	Manifests  []manifest `json:"manifests"`
	Patience   patience   `json:"patience"`
}

// patience says how long a registry is waited for.
type patience struct {
	Attempts    int     `json:"attempts"`
	FirstWait   float64 `json:"firstWaitSeconds"`
	LongestWait float64 `json:"longestWaitSeconds"`
	Idle        float64 `json:"idleSeconds"`
	MostAsked   float64 `json:"mostAskedSeconds"` // the longest Retry-After that is waited for
}

func main() {
	if len(os.Args) == 2 && os.Args[1] == "--version" {
		fmt.Printf("kitchen-copier %s protocol %d\n", version, protocol)
		return
	}
	signal.Ignore(syscall.SIGXFSZ) // a file size limit is an error of the write
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	input := bufio.NewReader(os.Stdin)
	line, err := input.ReadBytes('\n')
	if err != nil {
		fmt.Fprintln(os.Stderr, "kitchen-copier: one job in JSON and a line break on standard input; see --version")
		os.Exit(2)
	}
	ctx, cancel := context.WithCancel(ctx)
	agreed := make(chan struct{})
	go func() {
		if _, err := input.ReadBytes('\n'); err == nil {
			close(agreed)
		}
		_, _ = io.Copy(io.Discard, input)
		cancel()
	}()
	out := newEvents(os.Stdout)
	out.agreed = agreed
	err = run(ctx, line, out)
	out.close()
	if err == nil {
		return
	}
	if ctx.Err() != nil {
		os.Exit(130)
	}
	out.fail(err)
	os.Exit(1)
}

func run(ctx context.Context, line []byte, out *events) error {
	var task job
	if err := json.Unmarshal(line, &task); err != nil {
		return fmt.Errorf("job: %w", err)
	}
	far, err := newRemote(ctx, task, out)
	if err != nil {
		return err
	}
	switch task.Do {
	case "fetch":
		return fetch(ctx, far, task)
	case "push":
		return push(ctx, far, task)
	case "ask":
		return ask(ctx, far, task)
	}
	return errors.New("job: do: must be fetch, push or ask")
}

func seconds(count float64) time.Duration {
	return time.Duration(count * float64(time.Second))
}
