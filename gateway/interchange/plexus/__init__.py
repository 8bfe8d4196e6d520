"""Plexus's YAML: lists of providers and models, keys in camelCase, and what we add to it.

    providers: - name displayName enabled apiTypes baseUrls auth extraHeaders asksStreamUsage timeouts maxInFlight
                 probeEverySeconds takesAnyModel aliases (a mapping of names to models)
                 models: - a name, or name enabled apiTypes contextLength price maxInFlight
    models:    - alias description additionalAliases enabled listed selector weightMode answerModel maxAttempts
                 streamMode sticky stickySeconds hedgePercentile hedgeBudgetPercent default guardrails
                 targets: - provider model endpoint timeouts, or alias; weight tier enabled conditions
    patterns:  - pattern enabled, alias, or provider and model
    routes:    - path apiType enabled, provider, or alias, or neither

A list of aliases alone, and a file with one of the two keys alone, are read too. Keys of providers are never in a file:
`auth.apiKeyEnv` names the environment variable that holds one, `auth.credential: kept` says that one is stored.
The same goes for values of extraHeaders, but for well-known public ones: `$NAME`, or `{value: kept}`.
"""

from gateway.interchange.plexus.reading import read
from gateway.interchange.plexus.writing import plain, write

__all__ = ["plain", "read", "write"]
