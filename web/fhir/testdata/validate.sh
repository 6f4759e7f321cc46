#!/usr/bin/env bash
# Has HL7's official FHIR validator look at the golden resources, and at those of folders that are named. Needs Java 17 and Maven,
# which fetch the validator once into build/fhir-validator; `make test` needs neither, because it compares with the golden files.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
lib=$(git -C "$here" rev-parse --show-toplevel)/build/fhir-validator
if [ ! -e "$lib/.complete" ] || [ "$here/validator/pom.xml" -nt "$lib/.complete" ]; then
  rm -rf "$lib"
  mvn -q -B -f "$here/validator/pom.xml" dependency:copy-dependencies -DoutputDirectory="$lib"
  touch "$lib/.complete"
fi
exec java -Xmx2g -cp "$lib/*" "$here/validator/Validate.java" "$here/golden" "$@"
