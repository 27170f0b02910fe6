"""What pySigma reads in rule files: their names on standard input, one JSON document on standard output."""

import json
import sys

from sigma.collection import SigmaCollection
from sigma.conditions import (
    ConditionAND,
    ConditionFieldEqualsValueExpression,
    ConditionNOT,
    ConditionOR,
    ConditionValueExpression,
)
from sigma.correlations import (
    CorrelationConditionAND,
    CorrelationConditionNOT,
    CorrelationConditionOR,
    SigmaCorrelationCondition,
    SigmaCorrelationRule,
    SigmaRuleReference,
)
from sigma.types import (
    SigmaBool,
    SigmaCasedString,
    SigmaCIDRExpression,
    SigmaCompareExpression,
    SigmaExists,
    SigmaExpansion,
    SigmaFieldReference,
    SigmaNull,
    SigmaNumber,
    SigmaRegularExpression,
    SigmaString,
    SigmaTimestampPart,
    SpecialChars,
)

WILDCARDS = {SpecialChars.WILDCARD_MULTI: {"wildcard": "*"}, SpecialChars.WILDCARD_SINGLE: {"wildcard": "?"}}


def value(v):
    if isinstance(v, SigmaExpansion):
        return {"any": [flat for each in v.values for flat in value(each).get("any", [value(each)])]}
    if isinstance(v, SigmaRegularExpression):
        return {"regex": str(v.regexp), "flags": sorted(flag.name for flag in v.flags)}
    if isinstance(v, SigmaString):
        parts = [part if isinstance(part, str) else WILDCARDS[part] for part in v.s]
        return {"text": [part for part in parts if part != ""], "cased": isinstance(v, SigmaCasedString)}
    if isinstance(v, SigmaTimestampPart):
        return {"part": v.timestamp_part.name.lower(), "number": v.number}
    if isinstance(v, SigmaNumber):
        return {"number": v.number}
    if isinstance(v, SigmaBool):
        return {"boolean": v.boolean}
    if isinstance(v, SigmaNull):
        return {"null": True}
    if isinstance(v, SigmaExists):
        return {"exists": v.exists}
    if isinstance(v, SigmaCIDRExpression):
        return {"network": v.cidr}
    if isinstance(v, SigmaCompareExpression):
        compared = {"compare": v.op.name.lower(), **value(v.number)}
        if isinstance(v.number.number, SigmaNumber):
            compared.update(value(v.number.number))
        return compared
    if isinstance(v, SigmaFieldReference):
        return {"other": v.field, "starts": v.starts_with, "ends": v.ends_with}
    raise TypeError(f"unknown value {type(v)}")


def tree(node):
    if isinstance(node, (ConditionAND, CorrelationConditionAND)):
        return {"and": [tree(each) for each in node.args]}
    if isinstance(node, (ConditionOR, CorrelationConditionOR)):
        return {"or": [tree(each) for each in node.args]}
    if isinstance(node, (ConditionNOT, CorrelationConditionNOT)):
        return {"not": tree(node.args[0])}
    if isinstance(node, SigmaRuleReference):
        return {"rule": node.reference}
    if isinstance(node, ConditionFieldEqualsValueExpression):
        return {"field": node.field, "value": value(node.value)}
    if isinstance(node, ConditionValueExpression):
        return {"field": None, "value": value(node.value)}
    raise TypeError(f"unknown node {type(node)}")


def document(rule):
    common = {"title": rule.title, "name": rule.name, "id": str(rule.id), "alerts": rule._output}
    if not isinstance(rule, SigmaCorrelationRule):
        return {**common, "conditions": [tree(each.parsed) for each in rule.detection.parsed_condition]}
    condition = rule.condition
    if isinstance(condition, SigmaCorrelationCondition):
        bounds = {
            "operator": condition.op.name.lower(),
            "count": condition.count,
            "field": condition.fieldref,
            "percentile": condition.percentile,
        }
    else:
        bounds = tree(condition.parsed)
    return {
        **common,
        "type": rule.type.name.lower(),
        "rules": [each.rule.name for each in rule.referenced_rules],
        "group": rule.group_by,
        "seconds": rule.timespan.seconds,
        "aliases": rule.aliases.to_dict(),
        "condition": bounds,
    }


def read(file):
    try:
        with open(file, encoding="utf-8") as text:
            return {"documents": [document(rule) for rule in SigmaCollection.from_yaml(text).rules]}
    except Exception as error:  # whatever it is, the test says so
        return {"error": f"{type(error).__name__}: {error}"}


json.dump({file: read(file) for file in json.load(sys.stdin)}, sys.stdout)
