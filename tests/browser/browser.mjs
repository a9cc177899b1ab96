// Invariant: every browser test runs in the system's own Chromium, on this machine alone.
import { chromium } from 'playwright-core';

/** Starts Debian's Chromium, or the one that the environment names in CHROMIUM. `args` come on top. */
export const launch = ({ args = [] } = {}) =>
  chromium.launch({
    executablePath: process.env.CHROMIUM || '/usr/bin/chromium',
    headless: true,
    // Without these two Chromium has no back-forward cache and no prerendering, and both are tested.
    ignoreDefaultArgs: ['--disable-back-forward-cache', '--disable-prerender'],
    args: [
      '--headless=new',
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
      // Names for origins other than localhost, which count as insecure.
      '--host-resolver-rules=MAP *.test 127.0.0.1',
      ...args,
    ],
  });

/** Until an element of this selector with these words is there. */
export const withText = (page, selector, words) => page.locator(selector).filter({ hasText: words }).first().waitFor();

/** Until the dashboard has its list of MQLs. */
export const listed = (page) => page.locator("#leads > li").first().waitFor();
