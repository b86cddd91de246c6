#!/usr/bin/env bash
# Puts the index template into Elasticsearch and the data view with its search into Kibana. May run again and again.
set -euo pipefail
cd "$(dirname "$0")"

curl -fsS -X PUT "$ELASTICSEARCH_URL/_index_template/valence-logs" \
  -H 'content-type: application/json' --data-binary @index-template.json
echo

# An import answers 200 even where an object was refused.
answer=$(curl -fsS -X POST "$KIBANA_URL/api/saved_objects/_import?overwrite=true" \
  -H 'kbn-xsrf: valence' --form file=@saved-view.ndjson)
echo "$answer"
[[ $answer == *'"success":true'* ]]
