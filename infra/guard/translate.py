"""Writes a SAM template as CloudFormation's JSON, as AWS would expand it, with code and definition in some bucket.

Usage: translate.py template.yaml
"""

import json
import sys

from samcli.yamlhelper import yaml_parse
from samtranslator.parser.parser import Parser
from samtranslator.translator.translator import Translator

with open(sys.argv[1], encoding="utf-8") as source:
    template = yaml_parse(source.read())
for resource in template["Resources"].values():
    for name in ("CodeUri", "DefinitionUri"):
        if name in resource.get("Properties", {}):
            resource["Properties"][name] = "s3://bucket/key"
print(json.dumps(Translator({}, Parser()).translate(template, {}), default=str))
