import * as pulumi from "@pulumi/pulumi";
import * as whatsapp from "pulumi-whatsapp";

const config = new pulumi.Config();

const bookings = new whatsapp.flows.FlowEncryption("bookings", {
  phoneNumberId: config.require("phoneNumberId"),
  rotateAfterDays: 90,
  rotationTrigger: config.get("rotationTrigger") ?? "first",
});

export const endpointEnv = bookings.endpointEnv;
export const fingerprint = bookings.fingerprint;
export const rotatesOn = bookings.rotatesOn;
