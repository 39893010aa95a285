"""The Flow endpoint on AWS: an HTTP API, and the Lambda function behind it.

What hangs on no key comes first, so that the address is known; `deploy` makes the rest from the staged keys.
"""

import json
from collections.abc import Mapping
from pathlib import Path

import pulumi
import pulumi_aws as aws

from policies import Policy
from whatsapp_flow_encryption import StagedKeys

PYTHON = "3.13"
ARCHITECTURE = "x86_64"
PATH = "/flows"

_HERE = Path(__file__).parent
LAYER = _HERE / "layer"


class LambdaEndpoint(pulumi.ComponentResource):
    """The endpoint of one Flow. `policy` says what its function may do; `app_secret` is that of the app at Meta."""

    url: pulumi.Output[str]
    """What is set as the Flow's endpoint at Meta."""

    def __init__(
        self,
        name: str,
        *,
        policy: Policy,
        app_secret: pulumi.Input[str],
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("flows:aws:LambdaEndpoint", name, None, opts)
        if not (LAYER / "python" / "whatsapp_flow_endpoint").is_dir():
            raise pulumi.RunError("The Lambda layer is missing: README.md has the command that fills layer/.")
        self._name, self._app_secret = name, app_secret
        self._child = pulumi.ResourceOptions(parent=self)
        self._log = aws.cloudwatch.LogGroup(name, retention_in_days=30, opts=self._child)
        self._role = aws.iam.Role(name, assume_role_policy=json.dumps(_ASSUMED_BY_LAMBDA), opts=self._child)
        self._rights = [
            self._allow("keys", json.dumps(policy)),
            self._allow("log", self._log.arn.apply(lambda arn: json.dumps(_write_to(arn)))),
        ]
        self._api = aws.apigatewayv2.Api(name, protocol_type="HTTP", opts=self._child)
        self.url = pulumi.Output.concat(self._api.api_endpoint, PATH)

    def deploy(self, staged: StagedKeys) -> list[pulumi.Resource]:
        """Everything that answers a form; for `deploy=` of FlowEncryption, so that nothing is published before it."""
        function = self._function(staged)
        permission = aws.lambda_.Permission(
            self._name,
            action="lambda:InvokeFunction",
            function=function.name,
            principal="apigateway.amazonaws.com",
            source_arn=pulumi.Output.concat(self._api.execution_arn, "/*/*", PATH),
            opts=self._child,
        )
        integration = aws.apigatewayv2.Integration(
            self._name,
            api_id=self._api.id,
            integration_type="AWS_PROXY",
            integration_uri=function.invoke_arn,
            payload_format_version="2.0",
            opts=self._child,
        )
        route = aws.apigatewayv2.Route(
            self._name,
            api_id=self._api.id,
            route_key=f"POST {PATH}",
            target=pulumi.Output.concat("integrations/", integration.id),
            opts=self._child,
        )
        stage = aws.apigatewayv2.Stage(
            self._name,
            api_id=self._api.id,
            name="$default",
            auto_deploy=True,
            opts=pulumi.ResourceOptions.merge(self._child, pulumi.ResourceOptions(depends_on=[route])),
        )
        self.register_outputs({"url": self.url})
        return [function, permission, integration, route, stage]

    def _function(self, staged: StagedKeys) -> aws.lambda_.Function:
        """The function, which may read its secret before it is started for the first time."""
        layer = aws.lambda_.LayerVersion(
            self._name,
            layer_name=self._name,
            code=pulumi.FileArchive(str(LAYER)),
            compatible_runtimes=[f"python{PYTHON}"],
            compatible_architectures=[ARCHITECTURE],
            opts=self._child,
        )
        return aws.lambda_.Function(
            self._name,
            runtime=f"python{PYTHON}",
            architectures=[ARCHITECTURE],
            handler="handler.handler",
            code=pulumi.AssetArchive({"handler.py": pulumi.FileAsset(str(_HERE / "handler.py"))}),
            layers=[layer.arn],
            role=self._role.arn,
            environment={"variables": self._environment(staged)},
            logging_config={"log_format": "Text", "log_group": self._log.name},
            memory_size=512,  # MB; a share of a processor comes with it
            timeout=10,  # seconds: WhatsApp waits no longer
            opts=pulumi.ResourceOptions.merge(self._child, pulumi.ResourceOptions(depends_on=self._rights)),
        )

    def _environment(self, staged: StagedKeys) -> pulumi.Output[Mapping[str, str]]:
        both = pulumi.Output.all(staged.endpoint_env, self._app_secret)
        return both.apply(lambda known: {**known[0], "WHATSAPP_APP_SECRET": known[1]})

    def _allow(self, what: str, policy: pulumi.Input[str]) -> aws.iam.RolePolicy:
        return aws.iam.RolePolicy(f"{self._name}-{what}", role=self._role.id, policy=policy, opts=self._child)


_ASSUMED_BY_LAMBDA = {
    "Version": "2012-10-17",
    "Statement": [
        {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": "lambda.amazonaws.com"}},
    ],
}


def _write_to(log_group: str) -> Policy:
    statement = {
        "Effect": "Allow",
        "Action": ["logs:CreateLogStream", "logs:PutLogEvents"],
        "Resource": f"{log_group}:*",
    }
    return {"Version": "2012-10-17", "Statement": [statement]}
