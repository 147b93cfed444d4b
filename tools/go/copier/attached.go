package main

import (
	"context"
	"errors"
	"fmt"
	"strings"

	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
	"oras.land/oras-go/v2/errdef"
)

var suffixes = []string{"sig", "att", "sbom"}

// attached finds what was signed or said about the image: cosign's tags, and referrers of any kind and their own.
func (f *fetched) attached(ctx context.Context) error {
	for index := 0; index < len(f.subjects); index++ {
		subject := f.subjects[index]
		for _, suffix := range suffixes {
			if err := f.tagged(ctx, subject, suffix); err != nil {
				return err
			}
		}
		if err := f.referrers(ctx, subject); err != nil {
			return err
		}
	}
	return nil
}

func (f *fetched) tagged(ctx context.Context, subject ocispec.Descriptor, suffix string) error {
	tag := strings.Replace(string(subject.Digest), ":", "-", 1) + "." + suffix
	there := false
	err := f.once(ctx, "tag "+tag, func(ctx context.Context) (err error) {
		there, err = f.holds(ctx, tag) // to ask costs nothing where reads are counted
		return err
	})
	if err != nil || !there {
		return err
	}
	desc, err := f.manifest(ctx, tag, ocispec.Descriptor{})
	if f.strange(err, tag) {
		return nil
	}
	if err != nil {
		return err
	}
	f.listed = append(f.listed, refNamed(desc, tag))
	return f.walk(ctx, desc, &[]ocispec.Descriptor{}, 0)
}

func (f *fetched) referrers(ctx context.Context, subject ocispec.Descriptor) error {
	var found listed
	err := f.once(ctx, "referrers of "+string(subject.Digest), func(ctx context.Context) (err error) {
		found, err = f.refer(ctx, subject.Digest)
		return err
	})
	if err != nil {
		return err
	}
	if found.untold != nil && !f.warned {
		f.warned = true
		f.out.say(fmt.Sprintf("WARNING: %s: the registry does not list by its API what refers to an image, as signatures do; "+
			"what stands in a list by tag comes along: %s", f.repository, plain(found.untold)))
	}
	for _, referrer := range found.found {
		if _, seen := f.raw[referrer.Digest]; seen {
			continue
		}
		if f.strange(sayable(f.repository, referrer), string(referrer.Digest)) {
			continue
		}
		desc, err := f.manifest(ctx, referrer.Digest.String(), ocispec.Descriptor{Digest: referrer.Digest})
		if f.strange(err, string(referrer.Digest)) {
			continue
		}
		if errors.Is(err, errdef.ErrNotFound) {
			f.out.say(fmt.Sprintf("WARNING: %s: it lists the referrer %s, and does not have it", f.repository, referrer.Digest))
			continue
		}
		if err != nil {
			return err
		}
		f.listed = append(f.listed, desc)
		f.subjects = append(f.subjects, desc) // a signature may be signed in turn
		if err := f.walk(ctx, desc, &f.subjects, 0); err != nil {
			return err
		}
	}
	return nil
}

// strange tells that what refers to the image has a form that no bundle holds, as OCI's artifact manifests of before: the
// image does without.
func (f *fetched) strange(err error, what string) bool {
	found, ok := asFault(err)
	if ok && found.form {
		f.out.say(fmt.Sprintf("WARNING: %s: left out: %s is said about the image in a form that no bundle holds: %s",
			f.repository, what, found.value))
	}
	return ok && found.form
}
