"""aiohttp + asyncpg: the script that most would write."""
import common
import fetching

INSERT = 'INSERT INTO repository AS t ({}) VALUES ({}) {}'.format(
    ', '.join(common.COLUMNS), ', '.join(f'${i + 1}' for i in range(len(common.COLUMNS))),
    common.ON_CONFLICT)


def make_take(pool):
    async def take(reply):
        data = await reply.json()
        rows = [common.row(node) for node in data['data']['search']['nodes'] if node]
        async with pool.acquire() as connection:
            await connection.executemany(INSERT, rows)
    return take


fetching.run(make_take)
