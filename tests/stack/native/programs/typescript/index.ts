// The numbers of program.json, as a person's program would declare them.
import { readFileSync } from "fs";
import * as whatsapp from "pulumi-whatsapp";

interface Program {
  numbers: ({ name: string } & whatsapp.flows.FlowEncryptionArgs)[];
  imported?: Imported;
}

interface Imported {
  id?: string;
  managedBy: string;
  phoneNumberId: string;
  rotationTrigger?: string;
  store: string;
}

const program: Program = JSON.parse(readFileSync("program.json", "utf8"));

for (const { name, ...given } of program.numbers) {
  const number = new whatsapp.flows.FlowEncryption(name, given);
  exports[name] = number.endpointEnv;
  exports[`${name}-fingerprint`] = number.fingerprint;
  exports[`${name}-keys`] = number.privateKeys;
  exports[`${name}-signature`] = number.signatureStatus;
}

if (program.imported) {
  importResources(program.imported);
}

function importResources({ id, rotationTrigger, ...place }: Imported) {
  const key = new whatsapp.flows.EncryptionKey("key", { ...place, rotationTrigger, storedRing: true }, { import: id });
  const held = { ...place, keyId: key.id, locations: key.locations };
  const stored = new whatsapp.flows.StoredKeyRing("stored", held, { import: id });
  const { fingerprint } = key;
  new whatsapp.flows.KeyRegistration("live", { ...held, fingerprint }, { import: id, dependsOn: [stored] });
}
