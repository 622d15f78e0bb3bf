// The configuration as the server holds it: defaults filled in, secrets left out.
import { useApi } from '../api/use_api';
import { CopyButton } from '../parts/copy_button';
import { Failure, Loading } from '../parts/states';

// A line of YAML as indentation and dashes, key, rest: enough to read it by colour.
function Line({ text }: { text: string }) {
  const match = /^(\s*(?:- )*)([^\s:#'"][^:]*)(:(?:\s.*)?)$/.exec(text);
  if (match === null) return <span class="yaml-line">{text}{'\n'}</span>;
  return (
    <span class="yaml-line">
      {match[1]}
      <span class="yaml-key">{match[2]}</span>
      {match[3]}
      {'\n'}
    </span>
  );
}

export function ConfigPage() {
  const { data, error, loading, reload } = useApi<{ yaml: string }>('status/config');
  return (
    <>
      <div class="page-bar">
        <h1>Configuration</h1>
        {data !== null && <CopyButton text={() => data.yaml} label="Copy the configuration" />}
      </div>
      <section class="card">
        {error !== null && <Failure error={error} retry={reload} />}
        {data === null && loading && <Loading rows={12} />}
        {data !== null && (
          <pre class="yaml" tabIndex={0}>
            {data.yaml.replace(/\n$/, '').split('\n').map((text, i) => <Line key={i} text={text} />)}
          </pre>
        )}
      </section>
    </>
  );
}
