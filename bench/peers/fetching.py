"""The fetching of the aiohttp peers: so many tasks share a list of pages."""
import asyncio
import ssl

import aiohttp
import asyncpg

import common

# more database connections than processors gain nothing
MAX_DATABASE_CONNECTIONS = 8


async def take_pages(session, pages, take):
    for search, cursor in pages:
        async with session.post(common.URL, json=common.body(search, cursor)) as reply:
            reply.raise_for_status()
            await take(reply)


async def crawl(make_take):
    """make_take(pool) returns a coroutine function that stores a reply."""
    n = common.CONNECTIONS
    connector = aiohttp.TCPConnector(limit=n, ssl=ssl.create_default_context(cafile=common.CA))
    pool = await asyncpg.create_pool(min_size=1, max_size=min(n, MAX_DATABASE_CONNECTIONS))
    async with aiohttp.ClientSession(connector=connector, headers=common.HEADERS) as session:
        pages = common.read_pages()
        take = make_take(pool)
        await asyncio.gather(*(take_pages(session, pages, take) for _ in range(n)))
    await pool.close()


def run(make_take):
    asyncio.run(crawl(make_take))
