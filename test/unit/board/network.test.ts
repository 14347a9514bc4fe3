import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  type Domain,
  isAllowed,
  parseDomain,
  parseNetworkPolicy,
  readDestination,
} from '../../../src/board/network.ts'

describe('parseNetworkPolicy', () => {
  it.each([
    ['on', { mode: 'on' }],
    ['off', { mode: 'off' }],
    [{ domains: ['Example.COM.', '*.example.com', 'example.com'] }, ['example.com', '*.example.com']],
    ['registry.npmjs.org, example.com:8443', ['registry.npmjs.org', 'example.com:8443']],
    [
      { domains: ['example.com.:8443', '10.0.0.1:80', '[2001:DB8::1]'] },
      ['example.com:8443', '10.0.0.1:80', '[2001:db8::1]'],
    ],
  ])('%j', (value, expected) =>
    expect(parseNetworkPolicy(value)).toEqual(
      Array.isArray(expected) ? { mode: 'domains', domains: expected } : expected,
    ),
  )

  it.each([
    [undefined, 'The network is `on`, `off` or'],
    [true, 'The network is `on`, `off` or'],
    [{ domain: ['example.com'] }, 'The network is `on`, `off` or'],
    [{ domains: ['example.com'], ports: [1] }, 'The network is `on`, `off` or'],
    [{ domains: [] }, 'The list of domains is empty'],
    [{ domains: [443] }, '443 is no domain'],
    ['', '"" is no domain'],
    ['offf', '"offf" is no domain'],
    ['example.com,', '"" is no domain'],
    ['*', 'to allow every one, say `on`'],
    ['bücher.example', 'starts with xn--'],
    ['https://example.com/', '"https://example.com/" is no domain'],
    ['*.com', '"*.com" is no domain'],
    ['*.10.0.0.1', 'no names are below an address'],
    ['*.*.example.com', 'is no domain'],
    ['a*.example.com', 'is no domain'],
    ['example.com:0', 'is no domain'],
    ['example.com:65536', 'is no domain'],
    ['localhost', '"localhost" is no domain'],
    ['0x7f.1', '"0x7f.1" is no domain'],
  ])('%j: %s', (value, sentence) => expect(parseNetworkPolicy(value)).toContain(sentence))
})

describe('isAllowed', () => {
  const domains = (...texts: string[]): Domain[] =>
    texts.map(parseDomain).filter((domain) => typeof domain !== 'string')
  it.each([
    ['example.com', 'example.com:80', true],
    ['example.com', 'example.com:443', true],
    ['example.com', 'example.com:8443', false],
    ['example.com:8443', 'example.com:8443', true],
    ['example.com:8443', 'example.com:443', false],
    ['example.com', 'sub.example.com:443', false],
    ['*.example.com', 'sub.example.com:443', true],
    ['*.example.com', 'a.b.example.com:443', true],
    ['*.example.com', 'example.com:443', false],
    ['*.example.com', 'evil-example.com:443', false],
    ['93.184.215.14', '93.184.215.14:443', true],
    ['[2001:db8::1]', '[2001:DB8::1]:443', true],
    ['[2001:db8::1]', '[2001:db8:0::1]:443', false],
  ])('%s: %s', (domain, asked, expected) => {
    const to = readDestination(asked, 0)
    expect(to !== null && isAllowed(domains(domain), to)).toBe(expected)
  })
})

describe('readDestination', () => {
  const letters = [...'abcABC019.-_:%@[]x/#\\? \0\u212a。é']
  it('takes only what the URL standard reads as the very same host', () => {
    fc.assert(
      fc.property(
        fc
          .array(fc.constantFrom(...letters, '0x7f', '127', '.1', 'xn--', '..', 'com'))
          .map((parts) => parts.join('')),
        (text) => {
          const to = readDestination(text, 80)
          if (to === null || to.host.startsWith('[')) return
          // The standard checks what xn-- decodes to; a name that it does not know is no other name.
          if (to.host.includes('xn--')) return
          expect(new URL(`http://${text}/`).hostname.replace(/\.$/, '')).toBe(to.host)
        },
      ),
      { numRuns: 3000 },
    )
  })
})
