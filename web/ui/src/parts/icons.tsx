// The few drawings that the pages use, in the colour of the text around them.
import type { ComponentChildren } from 'preact';

function Icon({ children }: { children: ComponentChildren }) {
  return (
    <svg class="icon" viewBox="0 0 16 16" fill="none" stroke="currentColor" stroke-width="1.6"
      stroke-linecap="round" stroke-linejoin="round" aria-hidden="true">
      {children}
    </svg>
  );
}

export const HistoryIcon = () => <Icon><path d="M2.5 8a5.5 5.5 0 1 0 1.8-4.1L2.5 5.5M2.5 2.5v3h3M8 5v3.2l2 1.3" /></Icon>;
export const SearchIcon = () => <Icon><circle cx="7" cy="7" r="4.5" /><path d="m10.5 10.5 3.5 3.5" /></Icon>;
export const CloseIcon = () => <Icon><path d="m4 4 8 8M12 4l-8 8" /></Icon>;
export const CopyIcon = () => <Icon><rect x="5.5" y="5.5" width="8" height="8" rx="1.5" /><path d="M10.5 5.5V4A1.5 1.5 0 0 0 9 2.5H4A1.5 1.5 0 0 0 2.5 4v5A1.5 1.5 0 0 0 4 10.5h1.5" /></Icon>;
export const PlusIcon = () => <Icon><path d="M8 3v10M3 8h10" /></Icon>;
export const MinusIcon = () => <Icon><path d="M3 8h10" /></Icon>;
export const LeftIcon = () => <Icon><path d="m10 3-5 5 5 5" /></Icon>;
export const RightIcon = () => <Icon><path d="m6 3 5 5-5 5" /></Icon>;
export const DownIcon = () => <Icon><path d="m4 6 4 4 4-4" /></Icon>;
export const DownloadIcon = () => <Icon><path d="M8 2.5v8M4.5 7.5 8 11l3.5-3.5M2.5 13.5h11" /></Icon>;
export const RefreshIcon = () => <Icon><path d="M13.5 8a5.5 5.5 0 1 1-1.7-4l1.7 1.6M13.5 2.5v3.1h-3.1" /></Icon>;
export const SunIcon = () => <Icon><circle cx="8" cy="8" r="3" /><path d="M8 1v1.5M8 13.5V15M1 8h1.5M13.5 8H15M3 3l1.1 1.1M11.9 11.9 13 13M3 13l1.1-1.1M11.9 4.1 13 3" /></Icon>;
export const MoonIcon = () => <Icon><path d="M13.5 9.6A5.8 5.8 0 0 1 6.4 2.5a5.8 5.8 0 1 0 7.1 7.1z" /></Icon>;
export const SystemIcon = () => <Icon><rect x="1.5" y="2.5" width="13" height="9" rx="1.5" /><path d="M5.5 14h5" /></Icon>;
export const StarIcon = () => <Icon><path d="m8 2 1.8 3.8 4.2.5-3.1 2.9.8 4.1L8 11.2l-3.7 2.1.8-4.1L2 6.3l4.2-.5z" /></Icon>;
export const CheckIcon = () => <Icon><path d="m3 8.5 3.5 3.5L13 4.5" /></Icon>;
export const WarnIcon = () => <Icon><path d="M8 2 1.5 13.5h13zM8 6.5v3.2M8 11.6v.1" /></Icon>;
export const InfoIcon = () => <Icon><circle cx="8" cy="8" r="6" /><path d="M8 7.2v4M8 4.8v.1" /></Icon>;

export function Logo() {
  return (
    <svg class="logo" viewBox="0 0 32 32" aria-hidden="true">
      <path class="logo-stone" d="M4 30V15C4 8.4 9.4 3 16 3s12 5.4 12 12v15h-6v-3.2H10V30z" />
      <path class="logo-flame" d="M16.6 9.5c.5 3.2 4.9 5.2 4.9 9.9 0 3.3-2.5 5.6-5.5 5.6s-5.5-2.3-5.5-5.4c0-2.4 1.3-3.8 2.4-5.3.3 1.3.9 2.1 1.7 2.5-.2-2.8.4-5.3 2-7.3z" />
      <path class="logo-core" d="M16.2 18.3c.3 1.3 2.2 2 2.2 3.9 0 1.4-1.1 2.3-2.4 2.3s-2.4-.9-2.4-2.2c0-1.7 2-2.3 2.6-4z" />
    </svg>
  );
}
