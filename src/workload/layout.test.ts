import { describe, expect, test } from 'vitest'
import { layoutOf } from './layout.ts'

const line = (text: string) => text.split(',')
const AZURE = 'vm,sub,deployment,600,2591700,99.1,2.5,9,Interactive,>24,>64'

describe('The layout of a text', () => {
  test('is told by a first line that names the columns, in any order, among others', () => {
    const layout = layoutOf('t.csv', line('price,memory_gb, vcpus ,deleted_s,created_s,batch_id'))
    expect(layout).toMatchObject({ hasHeader: true, width: 6 })
    expect(layout.rowOf(line('9,3.5,2,20,10,b'))).toEqual({
      batch_id: 'b',
      created_s: '10',
      deleted_s: '20',
      vcpus: '2',
      memory_gb: '3.5',
    })
  })

  test('is that of Azure when there are eleven columns without names', () => {
    expect(layoutOf('t.csv', line(AZURE))).toMatchObject({ hasHeader: false, width: 11 })
  })

  test('of Azure has vCPUs and memory in buckets, of which the open ones are read as 30 and 70', () => {
    const { rowOf } = layoutOf('t.csv', line(AZURE))
    expect(rowOf(line(AZURE))).toMatchObject({ batch_id: 'deployment', created_s: '600', vcpus: 30, memory_gb: 70 })
    expect(rowOf(line(AZURE.replace('>24,>64', '8,32')))).toMatchObject({ vcpus: '8', memory_gb: '32' })
  })

  test.each([
    ['2591700', undefined],
    ['2591700.0', undefined],
    ['2591400', '2591400'],
    ['', ''],
  ])('of Azure says "still running" by a deletion at the last moment: %j', (deleted, deleted_s) => {
    const fields = line(AZURE.replace('2591700', deleted))
    expect(layoutOf('t.csv', fields).rowOf(fields).deleted_s).toBe(deleted_s)
  })

  test('with columns missing is an error that names them and those there are', () => {
    expect(() => layoutOf('t.csv', line('vm_id,batch,created_s,deleted_s,cpus,memory_gb'))).toThrow(
      't.csv: has no column batch_id, vcpus, only vm_id, batch, created_s, deleted_s, cpus, memory_gb; ' +
        'name the columns vm_id,batch_id,created_s,deleted_s,vcpus,memory_gb in the first line',
    )
    expect(() => layoutOf('t.csv', line('a;b\u0007'))).toThrow(
      'has no column batch_id, created_s, deleted_s, vcpus, memory_gb, only a;b\\u0007;',
    )
    expect(() => layoutOf('t.csv', line(AZURE.replace('600', 'vmcreated')))).toThrow('has no column')
  })

  test('with a column twice is an error', () => {
    expect(() => layoutOf('t.csv', line('vcpus,batch_id,created_s,deleted_s,vcpus,memory_gb'))).toThrow(
      't.csv: has two columns vcpus; rename one',
    )
  })

  test('shows no more than it must of a line that is anything but columns', () => {
    const names = Array.from({ length: 1000 }, () => 'x'.repeat(1000))
    const attempt = () => layoutOf('t.csv', names)
    expect(attempt).toThrow(/, …; name the columns/)
    expect(attempt).not.toThrow(/.{2000}/)
  })
})
