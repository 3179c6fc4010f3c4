"""aiohttp, and SQL that takes the page apart: the text of a reply is passed on as it came."""
import os

import common
import fetching

with open(os.path.join(common.HERE, 'insert_jsonb.sql')) as file:
    INSERT = file.read()


def make_take(pool):
    async def take(reply):
        text = await reply.text(encoding='utf-8')
        async with pool.acquire() as connection:
            await connection.execute(INSERT, text)
    return take


fetching.run(make_take)
