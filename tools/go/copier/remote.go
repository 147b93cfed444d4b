package main

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/opencontainers/go-digest"
	"oras.land/oras-go/v2/registry/remote"
	"oras.land/oras-go/v2/registry/remote/auth"
	"oras.land/oras-go/v2/registry/remote/credentials"
	"oras.land/oras-go/v2/registry/remote/errcode"
)

const mostJSON = 4 * 1024 * 1024

// far is a repository of a registry, with how long it is waited for.
type far struct {
	*remote.Repository
	wait    patience
	out     *events
	manners *polite
}

func newRemote(ctx context.Context, task job, out *events) (*far, error) {
	name, err := named(task.Repository)
	if err != nil {
		return nil, err
	}
	repository, err := remote.NewRepository(name)
	if err != nil {
		return nil, err
	}
	logins, err := credentialOf(name)
	if err != nil {
		return nil, err
	}
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.ResponseHeaderTimeout = 10 * time.Minute
	transport.ReadBufferSize, transport.WriteBufferSize = chunk/4, chunk/4
	if own, err := trusted(repository.Reference.Registry); err != nil {
		return nil, err
	} else if own != nil {
		transport.TLSClientConfig = own
	}
	manners := &polite{RoundTripper: transport}
	client := &auth.Client{
		Client:     &http.Client{Transport: manners},
		Header:     http.Header{"User-Agent": {"kitchen-copier/" + version}},
		Cache:      auth.NewCache(),
		Credential: logins,
	}
	if own(repository.Reference.Host()) {
		// A registry on this machine: no certificate is asked for, and its tokens may come from this machine too.
		transport.TLSClientConfig = &tls.Config{InsecureSkipVerify: true} //nolint:gosec // loopback only
		client.BlockedRealmPrefixes = []netip.Prefix{}
		repository.PlainHTTP = !speaksTLS(ctx, client.Client, repository.Reference.Host())
	} else if loopback(repository.Reference.Host()) {
		client.BlockedRealmPrefixes = []netip.Prefix{}
	}
	repository.Client = client
	repository.SkipReferrersGC = true // an older list of referrers stays: to delete it needs a right of its own
	repository.MaxMetadataBytes = mostJSON
	wait := task.Patience
	if wait.MostAsked == 0 {
		wait.MostAsked = 900
	}
	return &far{Repository: repository, wait: wait, out: out, manners: manners}, nil
}

// named is a repository as the usual tools read it: its first word is a host, and docker.io's own images have a folder.
func named(repository string) (string, error) {
	host, path, _ := strings.Cut(repository, "/")
	if !strings.ContainsAny(host, ".:") && host != "localhost" {
		return "", &fault{path: repository, value: host, rule: "must begin with the host of its registry: docker.io/" + repository}
	}
	if host == "docker.io" && !strings.Contains(path, "/") {
		return host + "/library/" + path, nil
	}
	return repository, nil
}

func hostOf(host string) string {
	if name, _, err := net.SplitHostPort(host); err == nil {
		return name
	}
	return strings.Trim(host, "[]")
}

// own names the addresses whose registries may speak plain HTTP.
func own(host string) bool {
	name := hostOf(host)
	return name == "localhost" || name == "127.0.0.1" || name == "::1"
}

func loopback(host string) bool {
	address, err := netip.ParseAddr(hostOf(host))
	return err == nil && address.IsLoopback()
}

func speaksTLS(ctx context.Context, client *http.Client, host string) bool {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "https://"+host+"/v2/", nil)
	if err != nil {
		return false
	}
	response, err := client.Do(request)
	if err != nil {
		return false
	}
	_ = response.Body.Close()
	return true
}

// credentialOf looks where the usual tools keep logins: by repository first, as podman does, then by registry.
func credentialOf(repository string) (auth.CredentialFunc, error) {
	stores := []credentials.Store{}
	for _, path := range loginFiles() {
		if _, err := os.Stat(path); err != nil {
			continue
		}
		store, err := credentials.NewStore(path, credentials.StoreOptions{})
		if err != nil {
			return nil, fmt.Errorf("logins cannot be read: %s: %w", path, err)
		}
		stores = append(stores, store)
	}
	return func(ctx context.Context, hostport string) (auth.Credential, error) {
		for _, store := range stores {
			for _, name := range loginNames(repository, hostport) {
				found, err := store.Get(ctx, name)
				if err != nil {
					return auth.EmptyCredential, fmt.Errorf("login of %s: %w", hostport, err)
				}
				if found != auth.EmptyCredential {
					return found, nil
				}
			}
		}
		return auth.EmptyCredential, nil
	}, nil
}

func loginFiles() []string {
	home, _ := os.UserHomeDir()
	docker := os.Getenv("DOCKER_CONFIG")
	if docker == "" {
		docker = filepath.Join(home, ".docker")
	}
	files := []string{filepath.Join(docker, "config.json")}
	if path := os.Getenv("REGISTRY_AUTH_FILE"); path != "" {
		return append([]string{path}, files...)
	}
	if folder := os.Getenv("XDG_RUNTIME_DIR"); folder != "" {
		files = append(files, filepath.Join(folder, "containers", "auth.json"))
	}
	return append(files, filepath.Join(home, ".config", "containers", "auth.json"))
}

func loginNames(repository, hostport string) []string {
	names := []string{}
	registry, _, _ := strings.Cut(repository, "/")
	if registry == hostport || (registry == "docker.io" && hostport == "registry-1.docker.io") {
		for path := repository; strings.Contains(path, "/"); path = path[:strings.LastIndex(path, "/")] {
			names = append(names, path)
		}
		names = append(names, registry)
	}
	return append(names, credentials.ServerAddressFromHostname(hostport))
}

// request asks the registry for something below the repository; any status but 200 and 206 is an error.
func (f *far) request(ctx context.Context, method, path string, headers http.Header) (*http.Response, error) {
	scheme := "https"
	if f.PlainHTTP {
		scheme = "http"
	}
	address := fmt.Sprintf("%s://%s/v2/%s/%s", scheme, f.Reference.Host(), f.Reference.Repository, path)
	ctx = auth.AppendRepositoryScope(ctx, f.Reference, auth.ActionPull)
	request, err := http.NewRequestWithContext(ctx, method, address, nil)
	if err != nil {
		return nil, err
	}
	request.Header = headers
	response, err := f.Client.Do(request)
	if err != nil {
		return nil, err
	}
	if response.StatusCode == http.StatusOK || response.StatusCode == http.StatusPartialContent {
		return response, nil
	}
	defer response.Body.Close()
	var body struct {
		Errors errcode.Errors `json:"errors"`
	}
	_ = json.NewDecoder(io.LimitReader(response.Body, mostJSON)).Decode(&body)
	return nil, &errcode.ErrorResponse{
		Method: request.Method, URL: request.URL, StatusCode: response.StatusCode, Errors: body.Errors,
	}
}

// errOtherPart: the server, or one on the way, cannot be asked for a part.
var errOtherPart = errors.New("the server gave another part than was asked for")

// opened is a blob that is being read: from which byte on, and how many bytes the server says that it has, or -1.
type opened struct {
	io.ReadCloser
	from, size int64
}

// open reads a blob from an offset on, or from its start where the server gives no parts.
func (f *far) open(ctx context.Context, name digest.Digest, offset int64) (*opened, error) {
	headers := http.Header{}
	if offset > 0 {
		headers.Set("Range", fmt.Sprintf("bytes=%d-", offset))
	}
	response, err := f.request(ctx, http.MethodGet, "blobs/"+string(name), headers)
	if status(err) == http.StatusRequestedRangeNotSatisfiable {
		nothing := io.NopCloser(strings.NewReader("")) // all of it is there, or it is found to be wrong
		return &opened{ReadCloser: nothing, from: offset, size: -1}, nil
	}
	if err != nil {
		return nil, err
	}
	if response.StatusCode == http.StatusOK {
		return &opened{ReadCloser: response.Body, size: response.ContentLength}, nil
	}
	var from, last, size int64 = -1, -1, -1
	_, _ = fmt.Sscanf(response.Header.Get("Content-Range"), "bytes %d-%d/%d", &from, &last, &size)
	if from != offset {
		_ = response.Body.Close()
		return nil, &broken{fmt.Errorf("%w: from %d on", errOtherPart, offset)}
	}
	return &opened{ReadCloser: response.Body, from: offset, size: size}, nil
}
