package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/pulumi/pulumi/sdk/v3/go/common/version"
	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"github.com/pulumi/pulumi/sdk/v3/python/toolchain"
	"google.golang.org/protobuf/types/known/emptypb"
)

const (
	execScript = "pulumi-language-python-exec"
	// The exec script ends with this code when it has already told the user what was wrong.
	exitCodeBail = 32
	killGrace    = 5 * time.Second
)

type languageHost struct {
	pulumirpc.UnimplementedLanguageRuntimeServer

	engine string
	ctx    context.Context // ends when the engine does
}

// Handshake tells the engine that this host speaks the current protocol.
func (h *languageHost) Handshake(
	context.Context, *pulumirpc.LanguageHandshakeRequest,
) (*pulumirpc.LanguageHandshakeResponse, error) {
	return &pulumirpc.LanguageHandshakeResponse{}, nil
}

// GetPluginInfo reports the SDK version that this host was built from.
func (h *languageHost) GetPluginInfo(context.Context, *emptypb.Empty) (*pulumirpc.PluginInfo, error) {
	return &pulumirpc.PluginInfo{Version: version.Version}, nil
}

// GetRequiredPackages names none: providers are loaded on demand from the plugin folder.
func (h *languageHost) GetRequiredPackages(
	context.Context, *pulumirpc.GetRequiredPackagesRequest,
) (*pulumirpc.GetRequiredPackagesResponse, error) {
	return &pulumirpc.GetRequiredPackagesResponse{}, nil
}

// GetRequiredPlugins is the older form of GetRequiredPackages.
func (h *languageHost) GetRequiredPlugins(
	context.Context, *pulumirpc.GetRequiredPluginsRequest,
) (*pulumirpc.GetRequiredPluginsResponse, error) {
	return &pulumirpc.GetRequiredPluginsResponse{}, nil
}

// RuntimeOptionsPrompts has nothing to ask: the project file states its options.
func (h *languageHost) RuntimeOptionsPrompts(
	context.Context, *pulumirpc.RuntimeOptionsRequest,
) (*pulumirpc.RuntimeOptionsResponse, error) {
	return &pulumirpc.RuntimeOptionsResponse{}, nil
}

// Cancel is answered; the engine's health check ends running programs.
func (h *languageHost) Cancel(context.Context, *emptypb.Empty) (*emptypb.Empty, error) {
	return &emptypb.Empty{}, nil
}

// Run executes a Pulumi program and waits for it.
func (h *languageHost) Run(ctx context.Context, req *pulumirpc.RunRequest) (*pulumirpc.RunResponse, error) {
	config, secretKeys, err := configJSON(req)
	if err != nil {
		return nil, err
	}
	python, err := resolve(req.Info)
	if err != nil {
		return nil, err
	}
	script, err := besideExecutable(execScript)
	if err != nil {
		return nil, err
	}
	args := append([]string{"-u", script}, runArguments(req, h.engine)...)
	cmd, err := python.Command(ctx, args...)
	if err != nil {
		return nil, err
	}
	cmd.Dir = req.Info.RootDirectory
	cmd.Env = append(environ(cmd), "PULUMI_CONFIG="+config, "PULUMI_CONFIG_SECRET_KEYS="+secretKeys)
	cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr
	err = h.runToEnd(ctx, cmd)
	var exit *exec.ExitError
	switch {
	case err == nil:
		return &pulumirpc.RunResponse{}, nil
	case errors.As(err, &exit) && exit.ExitCode() == exitCodeBail:
		return &pulumirpc.RunResponse{Bail: true}, nil
	case errors.As(err, &exit):
		return &pulumirpc.RunResponse{Error: fmt.Sprintf("program exited with code %d", exit.ExitCode())}, nil
	default:
		return &pulumirpc.RunResponse{Error: fmt.Sprintf("program could not be run: %v", err)}, nil
	}
}

// RunPlugin executes a plugin written in Python (a policy pack or a provider) and streams its output.
func (h *languageHost) RunPlugin(
	req *pulumirpc.RunPluginRequest, stream pulumirpc.LanguageRuntime_RunPluginServer,
) error {
	python, err := resolve(req.Info)
	if err != nil {
		return err
	}
	folder := req.Info.ProgramDirectory
	var cmd *exec.Cmd
	if req.Kind == "analyzer" {
		cmd, err = python.Command(stream.Context(), append(append([]string{"-u", "-m", "pulumi.policy"}, req.Args...), folder)...)
	} else {
		cmd, err = python.Command(stream.Context(), append([]string{"-u", folder}, req.Args...)...)
	}
	if err != nil {
		return err
	}
	cmd.Dir = req.Pwd
	cmd.Env = append(environ(cmd), req.Env...)
	var sending sync.Mutex
	cmd.Stdout = writer(func(p []byte) error {
		sending.Lock()
		defer sending.Unlock()
		return stream.Send(&pulumirpc.RunPluginResponse{Output: &pulumirpc.RunPluginResponse_Stdout{Stdout: p}})
	})
	cmd.Stderr = writer(func(p []byte) error {
		sending.Lock()
		defer sending.Unlock()
		return stream.Send(&pulumirpc.RunPluginResponse{Output: &pulumirpc.RunPluginResponse_Stderr{Stderr: p}})
	})
	err = h.runToEnd(stream.Context(), cmd)
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		return stream.Send(&pulumirpc.RunPluginResponse{
			Output: &pulumirpc.RunPluginResponse_Exitcode{Exitcode: int32(exit.ExitCode())},
		})
	}
	return err
}

// runToEnd starts cmd and waits; when the request or the engine ends first, the process is asked to stop, then killed.
func (h *languageHost) runToEnd(ctx context.Context, cmd *exec.Cmd) error {
	if err := cmd.Start(); err != nil {
		return err
	}
	ended := make(chan struct{})
	defer close(ended)
	go func() {
		select {
		case <-ended:
			return
		case <-ctx.Done():
		case <-h.ctx.Done():
		}
		_ = cmd.Process.Signal(syscall.SIGTERM)
		select {
		case <-ended:
		case <-time.After(killGrace):
			_ = cmd.Process.Kill()
		}
	}()
	return cmd.Wait()
}

func runArguments(req *pulumirpc.RunRequest, engine string) []string {
	args := []string{"--monitor", req.MonitorAddress, "--engine", engine}
	add := func(name, value string) {
		if value != "" {
			args = append(args, name, value)
		}
	}
	add("--project", req.Project)
	add("--stack", req.Stack)
	add("--root_directory", req.Info.RootDirectory)
	add("--pwd", req.Pwd)
	if req.DryRun {
		add("--dry_run", "true")
	}
	add("--parallel", strconv.Itoa(int(req.Parallel)))
	add("--organization", req.Organization)
	program := filepath.Join(req.Info.ProgramDirectory, req.Info.EntryPoint)
	return append(append(args, program), req.Args...)
}

// configJSON renders the stack's configuration as the SDK reads it: an object and an array, never null.
func configJSON(req *pulumirpc.RunRequest) (config string, secretKeys string, err error) {
	values, keys := req.Config, req.ConfigSecretKeys
	if values == nil {
		values = map[string]string{}
	}
	if keys == nil {
		keys = []string{}
	}
	valuesJSON, err := json.Marshal(values)
	if err != nil {
		return "", "", err
	}
	keysJSON, err := json.Marshal(keys)
	return string(valuesJSON), string(keysJSON), err
}

// resolve finds the Python interpreter that the project's runtime options name.
func resolve(info *pulumirpc.ProgramInfo) (toolchain.Toolchain, error) {
	options := toolchain.PythonOptions{Root: info.RootDirectory, ProgramDir: info.ProgramDirectory}
	for name, value := range info.Options.GetFields() {
		text := value.GetStringValue()
		switch name {
		case "virtualenv":
			options.Virtualenv = text
		case "toolchain":
			switch strings.ToLower(text) {
			case "pip":
				options.Toolchain = toolchain.Pip
			case "poetry":
				options.Toolchain = toolchain.Poetry
			case "uv":
				options.Toolchain = toolchain.Uv
			default:
				return nil, fmt.Errorf("runtime option toolchain: %q is not one of pip, poetry, uv", text)
			}
		}
	}
	return toolchain.ResolveToolchain(options)
}

func besideExecutable(name string) (string, error) {
	self, err := os.Executable()
	if err != nil {
		return "", err
	}
	if self, err = filepath.EvalSymlinks(self); err != nil {
		return "", err
	}
	path := filepath.Join(filepath.Dir(self), name)
	if _, err := os.Stat(path); err != nil {
		return "", fmt.Errorf("%s must lie beside pulumi-language-python: %w", name, err)
	}
	return path, nil
}

func environ(cmd *exec.Cmd) []string {
	if cmd.Env != nil {
		return cmd.Env
	}
	return os.Environ()
}

type writer func(p []byte) error

func (w writer) Write(p []byte) (int, error) {
	if err := w(p); err != nil {
		return 0, err
	}
	return len(p), nil
}

var _ io.Writer = writer(nil)
