// Light or dark: the system's wish unless the person chose. Drawing code asks for colours here.
import { useEffect, useState } from 'preact/hooks';
import { settings, useSettings } from './settings';

const systemDark = window.matchMedia('(prefers-color-scheme: dark)');

export function isDark(): boolean {
  const { theme } = settings();
  return theme === 'system' ? systemDark.matches : theme === 'dark';
}

export function applyTheme(): void {
  document.documentElement.dataset.theme = isDark() ? 'dark' : 'light';
}

// True while dark; keeps the document's theme in step.
export function useDark(): boolean {
  const { theme } = useSettings();
  const [, setTick] = useState(0);
  useEffect(() => {
    const update = () => setTick((tick) => tick + 1);
    systemDark.addEventListener('change', update);
    return () => systemDark.removeEventListener('change', update);
  }, []);
  const dark = isDark();
  useEffect(applyTheme, [theme, dark]);
  return dark;
}
