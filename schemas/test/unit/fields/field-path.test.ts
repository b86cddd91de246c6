import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { formatFieldPath, parseFieldPath, parseFieldPaths } from '../../../src/index.ts'

describe('parseFieldPath', () => {
  it.each([
    ['text', ['text']],
    ['after.comment', ['after', 'comment']],
    ['payload.items[0].body', ['payload', 'items', 0, 'body']],
    ["['a.b'].c", ['a.b', 'c']],
    ['["it\'s"][2]', ["it's", 2]],
    ["a['x\\'y']", ['a', "x'y"]],
    ['größe.名', ['größe', '名']],
    ['[3]', [3]],
    ['a b.c-d', ['a b', 'c-d']],
    ['.', []],
  ])('reads %s', (text, path) => {
    expect(parseFieldPath(text)).toEqual(path)
  })

  it.each(['', '.a', 'a.', 'a..b', 'a[', 'a[x]', "a['b]", 'a[1', 'a]b', '..', 'a[-1]'])('refuses %j', (text) => {
    expect(() => parseFieldPath(text)).toThrow(expect.objectContaining({ code: 'VAL_CONFIG_INVALID' }))
  })

  it('says where the path ends to be one', () => {
    expect(() => parseFieldPath('after[x]')).toThrow('from position 6 on')
  })

  it('reads what formatFieldPath writes', () => {
    const part = fc.oneof(fc.string({ minLength: 1 }), fc.nat(999_999_999))
    fc.assert(
      fc.property(fc.array(part), (path) => {
        expect(parseFieldPath(formatFieldPath(path))).toEqual(path)
        expect(parseFieldPaths([path, ['x']].map(formatFieldPath).join(','))).toEqual([path, ['x']])
      }),
    )
  })
})

describe('parseFieldPaths', () => {
  it('splits at commas that are not in quotes', () => {
    expect(parseFieldPaths("title, after.body,['a,b']")).toEqual([['title'], ['after', 'body'], ['a,b']])
  })

  it.each(['', ',', 'a,,b.', ' '])('refuses %j', (text) => {
    expect(() => parseFieldPaths(text)).toThrow(expect.objectContaining({ code: 'VAL_CONFIG_INVALID' }))
  })
})
