// The frame around every page: header, navigation, choices that belong to the person.
import { useEffect, useRef, useState } from 'preact/hooks';
import { baseUrl, followInside, navigate, useLocation, viewHref } from './base/location';
import { changeSettings, useSettings } from './base/settings';
import { setTitle } from './base/title';
import { zoneName } from './format/instant';
import { DashboardsPage } from './dashboards/dashboards_page';
import { HelpDialog } from './help_dialog';
import { DownIcon, Logo, MoonIcon, SunIcon, SystemIcon } from './parts/icons';
import { Segmented } from './parts/segmented';
import { Empty } from './parts/states';
import { QueryPage } from './query/query_page';
import { AlertmanagersPage } from './rules/alertmanagers_page';
import { AlertsPage } from './rules/alerts_page';
import { RulesPage } from './rules/rules_page';
import { ConfigPage } from './status/config_page';
import { FlagsPage } from './status/flags_page';
import { RuntimePage } from './status/runtime_page';
import { QueriesPage } from './status/queries_page';
import { TsdbPage } from './status/tsdb_page';
import { DiscoveryPage } from './targets/discovery_page';
import { TargetsPage } from './targets/targets_page';

// Paths are those of Prometheus where it has the page, so that links into one work in the other.
// Those of the group Status are in a menu; on a phone all are in one row.
interface View {
  path: string;
  title: string;
  key: string; // after g
  status?: boolean;
  page: (moves: number) => preact.JSX.Element;
}

const views: View[] = [
  { path: 'query', title: 'Query', key: 'q', page: (moves) => <QueryPage moves={moves} /> },
  { path: 'dashboards', title: 'Dashboards', key: 'd', page: (moves) => <DashboardsPage moves={moves} /> },
  { path: 'alerts', title: 'Alerts', key: 'a', page: () => <AlertsPage /> },
  { path: 'targets', title: 'Targets', key: 't', page: () => <TargetsPage /> },
  { path: 'tsdb-status', title: 'TSDB', key: 'b', page: () => <TsdbPage /> },
  { path: 'queries', title: 'Queries', key: 'u', page: () => <QueriesPage /> },
  { path: 'rules', title: 'Rules', key: 'r', status: true, page: () => <RulesPage /> },
  { path: 'service-discovery', title: 'Service discovery', key: 's', status: true, page: () => <DiscoveryPage /> },
  { path: 'alertmanager-discovery', title: 'Alertmanagers', key: 'm', status: true, page: () => <AlertmanagersPage /> },
  { path: 'status', title: 'Runtime and build', key: 'i', status: true, page: () => <RuntimePage /> },
  { path: 'config', title: 'Configuration', key: 'c', status: true, page: () => <ConfigPage /> },
  { path: 'flags', title: 'Flags', key: 'f', status: true, page: () => <FlagsPage /> },
];
const aliases: Record<string, string> = { '': 'query', graph: 'query', 'index.html': 'query' };

function Preferences({ showHelp }: { showHelp: () => void }) {
  const { theme, timeZone } = useSettings();
  return (
    <div class="preferences">
      <Segmented label="Time zone" value={timeZone} onChange={(zone) => changeSettings({ timeZone: zone })}
        options={[
          { value: 'local', text: 'Local', title: `Times in ${zoneName('local')}` },
          { value: 'utc', text: 'UTC', title: 'Times in UTC' },
        ]} />
      <Segmented label="Theme" value={theme} onChange={(chosen) => changeSettings({ theme: chosen })}
        options={[
          { value: 'light', text: <SunIcon />, title: 'Light' },
          { value: 'system', text: <SystemIcon />, title: 'As the system' },
          { value: 'dark', text: <MoonIcon />, title: 'Dark' },
        ]} />
      <button type="button" class="button ghost help" aria-label="Keys" title="Keys (?)" onClick={showHelp}>?</button>
    </div>
  );
}

function isTyping(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && target.closest('input, select, textarea, [contenteditable], dialog') !== null;
}

// "/" goes to the editor, "?" tells the keys, g and then a letter goes to a page.
function useKeys(showHelp: () => void): void {
  useEffect(() => {
    let afterG = false;
    const onKey = (event: KeyboardEvent) => {
      if (isTyping(event.target) || event.metaKey || event.ctrlKey || event.altKey) return;
      const going = afterG;
      afterG = event.key === 'g';
      const view = views.find(({ key }) => key === event.key);
      if (going && view !== undefined) navigate(view.path);
      else if (event.key === '?') showHelp();
      else if (event.key === '/') document.querySelector<HTMLElement>('.cm-content, input[type=search]')?.focus();
      else return;
      event.preventDefault();
    };
    window.addEventListener('keydown', onKey);
    return () => window.removeEventListener('keydown', onKey);
  }, []);
}

function ViewLink({ view, current, onFollow }: { view: View; current: string; onFollow?: () => void }) {
  return (
    <a href={viewHref(view.path)} aria-current={view.path === current ? 'page' : undefined}
      onClick={(event) => {
        followInside(event, view.path);
        onFollow?.();
      }}>
      {view.title}
    </a>
  );
}

function StatusMenu({ current }: { current: string }) {
  const [open, setOpen] = useState(false);
  const root = useRef<HTMLDivElement>(null);
  const inside = views.find(({ path, status }) => status === true && path === current);
  return (
    <div class={`nav-menu ${open ? 'open' : ''}`} ref={root}
      onFocusOut={(event) => {
        if (!event.currentTarget.contains(event.relatedTarget as Node | null)) setOpen(false);
      }}
      onKeyDown={(event) => {
        if (event.key !== 'Escape') return;
        setOpen(false);
        root.current?.querySelector('button')?.focus();
      }}>
      <button type="button" aria-expanded={open} aria-current={inside === undefined ? undefined : 'true'}
        onClick={() => setOpen(!open)}>
        {inside?.title ?? 'Status'} <DownIcon />
      </button>
      <div class="nav-list">
        {views.filter(({ status }) => status === true).map((view) => (
          <ViewLink key={view.path} view={view} current={current} onFollow={() => setOpen(false)} />
        ))}
      </div>
    </div>
  );
}

export function App() {
  const { view, moves } = useLocation();
  const [help, setHelp] = useState(false);
  useKeys(() => setHelp(true));
  const path = aliases[view] ?? view;
  const shown = views.find((candidate) => candidate.path === path);
  useEffect(() => {
    // On a phone the row of pages is longer than the screen.
    document.querySelector('.nav [aria-current]')?.scrollIntoView({ inline: 'center', block: 'nearest' });
    setTitle(shown?.title ?? '');
  }, [shown]);
  return (
    <>
      <header class="top">
        <a class="brand" href={viewHref('query')} onClick={(event) => followInside(event, 'query')}>
          <Logo /> Hearth
        </a>
        <nav class="nav" aria-label="Pages">
          {views.filter(({ status }) => status !== true).map((view) => (
            <ViewLink key={view.path} view={view} current={path} />
          ))}
          <StatusMenu current={path} />
        </nav>
        <Preferences showHelp={() => setHelp(true)} />
      </header>
      <main class={`page page-${path}`}>
        {shown !== undefined ? shown.page(moves) : (
          <div class="card">
            <Empty title="There is no such page">
              <p>The navigation above leads to those that exist. The query page is at{' '}
                <a href={baseUrl}>{baseUrl}</a>.</p>
            </Empty>
          </div>
        )}
      </main>
      {help && <HelpDialog pages={views} onClose={() => setHelp(false)} />}
    </>
  );
}
