#!/usr/bin/env bash
# Deploys a stage: infrastructure -> worker image -> API and controller. Run it again to update.
#
#   ./deploy.sh [--stage production] [--region us-east-1] [--parameter Key=Value]...
#
# A --parameter goes to infrastructure.yaml. AWS_ENDPOINT_URL, if set, says which AWS is meant;
# BUILD_DIR is where the copy of api/ that Chalice deploys is kept, with Chalice's record of it.
set -euo pipefail
unset CDPATH # or `cd` would print

usage() {
  sed -n '2,7s/^# \{0,1\}//p' "$0"
}

stage=production
region=${AWS_REGION:-${AWS_DEFAULT_REGION:-us-east-1}}
parameters=()
while (($#)); do
  case $1 in
    --stage) stage=${2:?"--stage needs a name"} ;;
    --region) region=${2:?"--region needs a name"} ;;
    --parameter) parameters+=(--parameter "${2:?"--parameter needs Key=Value"}") ;;
    -h | --help)
      usage
      exit
      ;;
    *)
      echo "unknown option: $1" >&2
      usage >&2
      exit 2
      ;;
  esac
  shift 2
done

root=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
build_dir=${BUILD_DIR:-$root/.build}
[[ $build_dir == /* ]] || build_dir=$PWD/$build_dir
cd "$root"
bundle=$build_dir/$stage/api
outputs=$build_dir/$stage/outputs.json

# boto3 takes the region from the second name, other SDKs from the first.
export AWS_REGION=$region AWS_DEFAULT_REGION=$region

python=python3
[[ ! -x .venv/bin/python ]] || python=$PWD/.venv/bin/python
command -v "$python" >/dev/null || {
  echo "error: python3 is not on the PATH" >&2
  exit 1
}

"$python" -m deployment.prerequisites

echo "== infrastructure: stage $stage, $region${AWS_ENDPOINT_URL:+, at $AWS_ENDPOINT_URL}"
mkdir -p "$bundle"
"$python" -m deployment.infrastructure --stage "$stage" \
  ${parameters[@]+"${parameters[@]}"} >"$outputs.new"
mv "$outputs.new" "$outputs"

if [[ -n ${AWS_ENDPOINT_URL:-} ]]; then
  echo "== worker image: skipped, the AWS at AWS_ENDPOINT_URL runs no images"
else
  image=$("$python" -c 'import json, sys; print(json.load(sys.stdin)["WorkerImage"])' <"$outputs")
  echo "== worker image: $image"
  "$python" -m deployment.registry | docker login --username AWS --password-stdin "${image%%/*}"
  docker build --platform linux/amd64 --file worker/Dockerfile --tag "$image" .
  docker push "$image"
fi

echo "== API and controller"
"$python" -m deployment.api_bundle --stage "$stage" --outputs "$outputs" --target "$bundle"
# `chalice deploy`, with the interpreter that the check above was made with.
(cd "$bundle" && "$python" -c 'from chalice.cli import main; main()' deploy --stage "$stage")

url=$("$python" -m deployment.api_url --stage "$stage" --bundle "$bundle")
echo
echo "API: $url"
echo "Try: curl -X POST $url/demo"
