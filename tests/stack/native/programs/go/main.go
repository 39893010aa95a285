// The numbers of program.json, as somebody's program would declare them.
package main

import (
	"bytes"
	"encoding/json"
	"os"

	"example.com/pulumi-whatsapp/sdk/go/whatsapp/flows"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

type program struct {
	Numbers  []number
	Imported *imported
}

type number struct {
	Name               string
	PhoneNumberId      string
	ExistingPrivateKey *string
	RotationTrigger    *string
	Store              *string
}

type imported struct {
	Id              *string
	ManagedBy       string
	PhoneNumberId   string
	RotationTrigger *string
	Store           string
}

func main() {
	pulumi.Run(func(ctx *pulumi.Context) error {
		text, err := os.ReadFile("program.json")
		if err != nil {
			return err
		}
		var wanted program
		read := json.NewDecoder(bytes.NewReader(text))
		read.DisallowUnknownFields()
		if err := read.Decode(&wanted); err != nil {
			return err
		}
		for _, given := range wanted.Numbers {
			if err := declare(ctx, given); err != nil {
				return err
			}
		}
		if wanted.Imported != nil {
			return importResources(ctx, *wanted.Imported)
		}
		return nil
	})
}

func declare(ctx *pulumi.Context, given number) error {
	encryption, err := flows.NewFlowEncryption(ctx, given.Name, &flows.FlowEncryptionArgs{
		PhoneNumberId:      pulumi.String(given.PhoneNumberId),
		ExistingPrivateKey: pulumi.StringPtrFromPtr(given.ExistingPrivateKey),
		RotationTrigger:    pulumi.StringPtrFromPtr(given.RotationTrigger),
		Store:              given.Store,
	})
	if err != nil {
		return err
	}
	ctx.Export(given.Name, encryption.EndpointEnv)
	ctx.Export(given.Name+"-fingerprint", encryption.Fingerprint)
	ctx.Export(given.Name+"-keys", encryption.PrivateKeys)
	ctx.Export(given.Name+"-signature", encryption.SignatureStatus)
	return nil
}

func importResources(ctx *pulumi.Context, given imported) error {
	var options []pulumi.ResourceOption
	if given.Id != nil {
		options = append(options, pulumi.Import(pulumi.ID(*given.Id)))
	}
	managedBy, number := pulumi.String(given.ManagedBy), pulumi.String(given.PhoneNumberId)
	store := pulumi.String(given.Store)
	key, err := flows.NewEncryptionKey(ctx, "key", &flows.EncryptionKeyArgs{
		ManagedBy:       managedBy,
		PhoneNumberId:   number,
		RotationTrigger: pulumi.StringPtrFromPtr(given.RotationTrigger),
		Store:           store,
		StoredRing:      pulumi.Bool(true),
	}, options...)
	if err != nil {
		return err
	}
	stored, err := flows.NewStoredKeyRing(ctx, "stored", &flows.StoredKeyRingArgs{
		KeyId:         key.ID(),
		Locations:     key.Locations,
		ManagedBy:     managedBy,
		PhoneNumberId: number,
		Store:         store,
	}, options...)
	if err != nil {
		return err
	}
	_, err = flows.NewKeyRegistration(ctx, "live", &flows.KeyRegistrationArgs{
		Fingerprint:   key.Fingerprint,
		KeyId:         key.ID(),
		Locations:     key.Locations,
		ManagedBy:     managedBy,
		PhoneNumberId: number,
		Store:         store,
	}, append(options, pulumi.DependsOn([]pulumi.Resource{stored}))...)
	return err
}
