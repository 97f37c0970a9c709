#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""Dumps everything with the kernel's own netlink client, which knows dmaown only from its spec, and compares
it, field by field, with debugfs and with dmaownctl --json. Prints TAP on standard output.

	ynl_test.py CLIENT SCHEMA SPEC
"""
import json
import re
import subprocess
import sys

client, schema, spec = sys.argv[1:]
sys.path.append(client)
from lib import YnlFamily, NlError  # pylint: disable=import-error,wrong-import-position

DEBUGFS = '/sys/kernel/debug/dmaown/'
# Columns of listings that show a field under another name.
FIELDS = {
    'list': {'id': 'context', 'nholders': 'holders', 'ndevices': 'devices', 'nowners': 'owners'},
    'owners': {'command': 'comm'},
}
# Columns that show something other than the field of the same name.
MADE = {'list': ('holders', 'devices', 'owners'), 'areas': ('state',), 'owners': ('headroom',)}
LISTINGS = {'context': 'list', 'ioas': 'ioas', 'device': 'devices', 'area': 'areas', 'owner': 'owners'}

tests = failures = 0  # pylint: disable=invalid-name


def check(got, expected, name):
    """Runs one test and prints the difference if it fails."""
    global tests, failures  # pylint: disable=global-statement
    tests += 1
    print('ok' if got == expected else 'not ok', tests, '-', name)
    if got != expected:
        failures += 1
        print('client:  ', got, '\nexpected:', expected, file=sys.stderr)


def dmaownctl(*args):
    """Returns the array that a listing prints as JSON."""
    done = subprocess.run(('dmaownctl',) + args, stdout=subprocess.PIPE, check=True)
    return next(iter(json.loads(done.stdout).values()))


def unescape(text):
    """Decodes the characters that debugfs writes as three octal digits."""
    return re.sub(r'\\(\d{3})', lambda match: chr(int(match[1], 8)), text)


def debugfs_records(listing):
    """Returns the records in a file of debugfs, without unknown fields, which netlink omits too."""
    with open(DEBUGFS + listing, encoding='utf-8') as file:
        lines = [dict(word.split('=', 1) for word in line.split()) for line in file]
    return [{key.replace('_', '-'): unescape(value) for key, value in line.items() if value != '-'}
            for line in lines]


def as_text(record):
    """Returns a record with all values as debugfs writes them."""
    return {key: str(value) for key, value in record.items()}


def compare_with_listing(record, records):
    """Compares all columns that show a field unchanged. (The spec contains each field of a record.)"""
    listing = LISTINGS[record]
    columns = [row['column'] for row in dmaownctl(listing, '--list-columns', '--json')]
    rows = dmaownctl(listing, '--json', '--output', ','.join(columns))
    fields = ynl.attr_sets[record].attrs
    compared = 0
    for column in map(str.lower, columns):
        field = FIELDS.get(listing, {}).get(column, column.replace('_', '-'))
        if field not in fields or column in MADE.get(listing, ()):
            continue
        compared += 1
        check([one.get(field) for one in records], [row[column] for row in rows],
              f'{listing}: {column} is what the client says')
    check(compared > 3, True, f'{listing}: columns were compared')


def refusal(*args):
    """Returns the family's answer to a dump that it refuses."""
    try:
        return ynl.dump(*args)
    except NlError as error:
        return error.nl_msg.error


ynl = YnlFamily(spec, schema)
for name, operation in ynl.msgs.items():
    if 'dump' not in operation.yaml:
        continue
    kind = name.removeprefix('get-')
    listing = {'ioas': 'ioases', 'access': 'accesses'}.get(kind, kind + 's')
    dumped = ynl.dump(name, {})
    check([as_text(record) for record in dumped], debugfs_records(listing),
          f'{kind}: each field is what debugfs says')
    check(len(dumped) > 0, True, f'{kind}: there are some')
    if kind in LISTINGS:
        compare_with_listing(kind, dumped)
    if 'request' in operation.yaml['dump']:
        first = dumped[0]['context']
        check(ynl.dump(name, {'context': int(first, 16)}),
              [record for record in dumped if record['context'] == first], f'{kind}: of one context')
        check(ynl.dump(name, {'context': 1}), [], f'{kind}: of a context that does not exist, none')
status = ynl.do('get-status', {})
check(as_text(status), debugfs_records('status')[0], 'status: each field is what debugfs says')
check(refusal('get-status', {}), -95, 'status cannot be dumped')
print(f'1..{tests}')
sys.exit(failures > 0)
