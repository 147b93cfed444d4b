package main

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/opencontainers/go-digest"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
)

const (
	dockerManifest = "application/vnd.docker.distribution.manifest.v2+json"
	dockerList     = "application/vnd.docker.distribution.manifest.list.v2+json"
	mostManifests  = 20_000
	mostBlob       = 1 << 46 // bytes
	deepest        = 16
)

var (
	lists     = []string{ocispec.MediaTypeImageIndex, dockerList}
	manifests = append([]string{ocispec.MediaTypeImageManifest, dockerManifest}, lists...)
)

// known refuses what is no manifest of a form that keeps its digest.
func known(where string, desc ocispec.Descriptor) error {
	if desc.Digest.Validate() != nil || desc.Digest.Algorithm() != digest.SHA256 {
		return &fault{path: where, value: string(desc.Digest), rule: "content is named by its sha256 digest"}
	}
	if !slices.Contains(manifests, desc.MediaType) {
		rule := "must be an OCI manifest or index, or a Docker manifest of schema 2 or list: nothing else keeps its " +
			"digest; take the digest that its registry gives to a client of today, or have it built again"
		return &fault{path: where, value: desc.MediaType, rule: rule, form: true}
	}
	return nil
}

// sayable refuses what a list of referrers names in a form that nobody can ask for, or that no bundle holds.
func sayable(where string, desc ocispec.Descriptor) error {
	if desc.Digest.Validate() != nil || desc.Digest.Algorithm() != digest.SHA256 {
		return &fault{path: where, value: "no sha256 digest", rule: "content is named by its sha256 digest", form: true}
	}
	if desc.MediaType == "" {
		return nil // the manifest says it
	}
	return known(where, desc)
}

// sound refuses a layer or configuration that cannot be copied as it is stated.
func sound(where string, blob ocispec.Descriptor) error {
	if blob.Digest.Validate() != nil || blob.Digest.Algorithm() != digest.SHA256 {
		return &fault{path: where, value: string(blob.Digest), rule: "content is named by its sha256 digest"}
	}
	if blob.Size < 0 || blob.Size > mostBlob || (blob.Size == 0 && blob.Digest != digest.FromBytes(nil)) {
		rule := fmt.Sprintf("must state how many bytes %s has", blob.Digest)
		return &fault{path: where, value: fmt.Sprintf("size: %d", blob.Size), rule: rule}
	}
	return nil
}

// content is a manifest as far as copying needs it.
type content struct {
	MediaType    string               `json:"mediaType"`
	ArtifactType string               `json:"artifactType"`
	Config       *ocispec.Descriptor  `json:"config"`
	Layers       []ocispec.Descriptor `json:"layers"`
	Manifests    []ocispec.Descriptor `json:"manifests"`
	Subject      *ocispec.Descriptor  `json:"subject"`
}

func parse(where string, mediaType string, raw []byte) (*content, error) {
	var found content
	if err := json.Unmarshal(raw, &found); err != nil {
		return nil, &fault{path: where, value: "unreadable", rule: fmt.Sprintf("must be a manifest in JSON (%v)", err)}
	}
	if found.MediaType != "" && found.MediaType != mediaType {
		rule := fmt.Sprintf("must have the media type that its registry says (%s)", mediaType)
		return nil, &fault{path: where, value: found.MediaType, rule: rule}
	}
	return &found, nil
}

// isList says whether a manifest lists others.
func isList(mediaType string) bool { return slices.Contains(lists, mediaType) }

// sorted keeps the image first, and puts the rest in an order of its own: the same image gives the same bytes.
func sorted(listed []ocispec.Descriptor) []ocispec.Descriptor {
	rest := slices.Clone(listed[1:])
	slices.SortFunc(rest, func(one, other ocispec.Descriptor) int {
		return strings.Compare(one.Annotations[refName]+string(one.Digest), other.Annotations[refName]+string(other.Digest))
	})
	return append([]ocispec.Descriptor{listed[0]}, rest...)
}
