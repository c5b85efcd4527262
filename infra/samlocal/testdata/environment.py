"""Prints what SAM local would give each function: its processor and its environment.

Usage: environment.py template.yaml env-vars.json
"""

import json
import sys

from samcli.commands.local.lib.local_lambda import LocalLambdaRunner
from samcli.lib.providers.sam_function_provider import SamFunctionProvider
from samcli.lib.providers.sam_stack_provider import SamLocalStackProvider

stacks, _ = SamLocalStackProvider.get_stacks(sys.argv[1])
functions = SamFunctionProvider(stacks)
with open(sys.argv[2], encoding="utf-8") as file:
    runner = LocalLambdaRunner(None, functions, ".", ".", env_vars_values=json.load(file))
print(json.dumps({f.name: {
    "architecture": f.architectures[0],
    "environment": runner.get_invoke_config(f).env_vars.resolve(),
} for f in functions.get_all()}))
