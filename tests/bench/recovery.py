async def bench(data): return []
