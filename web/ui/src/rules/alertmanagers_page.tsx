// The Alertmanagers that alerts are sent to, and those that relabelling dropped.
import { useApi } from '../api/use_api';
import { Empty, Failure, Loading } from '../parts/states';

interface Alertmanagers {
  activeAlertmanagers: { url: string }[] | null;
  droppedAlertmanagers: { url: string }[] | null;
}

function List({ title, urls }: { title: string; urls: string[] }) {
  return (
    <section class="card">
      <h2>{title}</h2>
      {urls.length === 0
        ? <Empty title="None"><p>They are named under alerting in the configuration.</p></Empty>
        : <ul>{urls.map((url) => <li key={url} class="target"><code>{url}</code></li>)}</ul>}
    </section>
  );
}

export function AlertmanagersPage() {
  const { data, error, loading, reload } = useApi<Alertmanagers>('alertmanagers');
  return (
    <>
      <div class="page-bar"><h1>Alertmanagers</h1></div>
      {error !== null && <Failure error={error} retry={reload} />}
      {data === null && loading && <div class="card"><Loading /></div>}
      {data !== null && (
        <>
          <List title="Active" urls={(data.activeAlertmanagers ?? []).map(({ url }) => url)} />
          <List title="Dropped" urls={(data.droppedAlertmanagers ?? []).map(({ url }) => url)} />
        </>
      )}
    </>
  );
}
