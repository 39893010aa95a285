// Command codegen writes the SDKs of a Pulumi package, as `pulumi package gen-sdk` does where a language host of the
// engine's own version is there:
//
//	codegen schema.json FOLDER
package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/blang/semver"
	golang "github.com/pulumi/pulumi/pkg/v3/codegen/go"
	"github.com/pulumi/pulumi/pkg/v3/codegen/nodejs"
	"github.com/pulumi/pulumi/pkg/v3/codegen/python"
	"github.com/pulumi/pulumi/pkg/v3/codegen/schema"
)

const tool = "pulumi"

var importers = map[string]schema.Language{
	"go": golang.Importer, "nodejs": nodejs.Importer, "python": python.Importer,
}

var languages = map[string]func(*schema.Package) (map[string][]byte, error){
	"go": func(pkg *schema.Package) (map[string][]byte, error) {
		return golang.GeneratePackage(tool, pkg, nil)
	},
	"nodejs": func(pkg *schema.Package) (map[string][]byte, error) {
		// Local, as `pulumi package add` makes it: npm compiles it where it is installed.
		return nodejs.GeneratePackage(tool, pkg, nil, nil, true, noOther{})
	},
	"python": func(pkg *schema.Package) (map[string][]byte, error) {
		return python.GeneratePackage(tool, pkg, nil, noOther{})
	},
}

func main() {
	if err := run(os.Args[1], os.Args[2]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(schemaFile, folder string) error {
	text, err := os.ReadFile(schemaFile)
	if err != nil {
		return err
	}
	for language, generate := range languages {
		var spec schema.PackageSpec // read again for each: a generator changes what it is given
		if err := json.Unmarshal(text, &spec); err != nil {
			return err
		}
		pkg, err := schema.ImportSpec(spec, importers, noOther{}, schema.ValidationOptions{})
		if err != nil {
			return err
		}
		pkg.SupportPack = true // as `pulumi package add` sets it, whatever the schema says
		files, err := generate(pkg)
		if err != nil {
			return fmt.Errorf("%s: %w", language, err)
		}
		if err := write(filepath.Join(folder, language), files); err != nil {
			return err
		}
	}
	return nil
}

func write(folder string, files map[string][]byte) error {
	for name, text := range files {
		file := filepath.Join(folder, name)
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(file, text, 0o644); err != nil {
			return err
		}
	}
	return nil
}

// noOther is a loader of other packages' schemas: this one refers to none.
type noOther struct{}

var errOther = errors.New("the schema refers to another package")

func (noOther) LoadPackage(string, *semver.Version) (*schema.Package, error) { return nil, errOther }

func (noOther) LoadPackageV2(context.Context, *schema.PackageDescriptor) (*schema.Package, error) {
	return nil, errOther
}

func (noOther) LoadPackageReference(string, *semver.Version) (schema.PackageReference, error) {
	return nil, errOther
}

func (noOther) LoadPackageReferenceV2(context.Context, *schema.PackageDescriptor) (schema.PackageReference, error) {
	return nil, errOther
}
