// Pulumi's "random" provider: HashiCorp's provider behind Pulumi's bridge. The module path in go.mod lies inside
// HashiCorp's, whose internal package is imported here; the bridge is copied in before the build (go_build.py).
package main

import (
	"context"

	pf "github.com/pulumi/pulumi-terraform-bridge/v3/pkg/pf/tfbridge"
	"github.com/pulumi/pulumi-terraform-bridge/v3/pkg/tfbridge"
	"github.com/pulumi/pulumi-terraform-bridge/v3/pkg/tfbridge/tokens"
	"github.com/terraform-providers/terraform-provider-random/internal/provider"
)

var version = "" // the build sets the version of pulumi-random in tools/requirements.txt

func main() {
	info := tfbridge.ProviderInfo{
		P:                           pf.ShimProvider(provider.New()),
		Name:                        "random",
		Version:                     version,
		MetadataInfo:                tfbridge.NewProviderMetadata([]byte("{}")),
		EnableAccurateBridgePreview: true,
		EnableRawStateDelta:         true,
		Resources: map[string]*tfbridge.ResourceInfo{
			"random_bytes": {ComputeID: tfbridge.DelegateIDField("base64", "random", "")}, // the only one with no id
		},
	}
	standard := tokens.MakeStandard("random")
	info.MustComputeTokens(tokens.SingleModule("random_", "index", func(module, name string) (string, error) {
		return standard(module, "Random"+name) // random_uuid -> random:index/randomUuid:RandomUuid
	}))
	// A Python program never asks for the schema, so an empty one serves.
	pf.Main(context.Background(), "random", info, pf.ProviderMetadata{PackageSchema: []byte("{}")})
}
