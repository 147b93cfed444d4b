package main

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// trustFolders are where podman and docker keep a registry's authorities (*.crt) and the certificates that it asks
// people for (*.cert, with *.key beside it): the first folder that there is of a registry counts.
func trustFolders(registry string) []string {
	home, _ := os.UserHomeDir()
	places := []string{
		filepath.Join(home, ".config", "containers", "certs.d"),
		"/etc/containers/certs.d",
		filepath.Join(home, ".config", "docker", "certs.d"),
		"/etc/docker/certs.d",
	}
	found := []string{}
	for _, place := range places {
		found = append(found, filepath.Join(place, registry))
	}
	return found
}

// trusted reads a registry's folder: its authorities beside those of the machine, and certificates of our own. It
// returns nil where the registry has no folder.
func trusted(registry string) (*tls.Config, error) {
	for _, folder := range trustFolders(registry) {
		entries, err := os.ReadDir(folder)
		if errors.Is(err, fs.ErrNotExist) || errors.Is(err, fs.ErrPermission) {
			continue // not there, or for somebody else
		}
		if err != nil {
			return nil, err
		}
		return trustedBy(folder, entries)
	}
	return nil, nil
}

func trustedBy(folder string, entries []os.DirEntry) (*tls.Config, error) {
	roots, err := x509.SystemCertPool()
	if err != nil {
		return nil, err
	}
	made := &tls.Config{MinVersion: tls.VersionTLS12, RootCAs: roots}
	for _, entry := range entries {
		path := filepath.Join(folder, entry.Name())
		switch filepath.Ext(path) {
		case ".crt":
			raw, err := os.ReadFile(path)
			if err != nil {
				return nil, err
			}
			if !roots.AppendCertsFromPEM(raw) {
				return nil, &fault{path: path, value: "unreadable", rule: "must hold certificates of authorities in PEM"}
			}
		case ".cert":
			key := strings.TrimSuffix(path, ".cert") + ".key"
			pair, err := tls.LoadX509KeyPair(path, key)
			if err != nil {
				rule := fmt.Sprintf("must be a certificate in PEM, with its key in %s", key)
				return nil, &fault{path: path, value: plain(err), rule: rule}
			}
			made.Certificates = append(made.Certificates, pair)
		}
	}
	return made, nil
}
