"""Many who ask a deployment at once, with as little cost of their own as Python allows."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from urllib.parse import urlsplit

import numpy as np
import tritonclient.grpc.aio as triton
import tritonclient.http as triton_http

WARM_UP_SECONDS = 1.0
SECONDS = 4.0
Ask = Callable[[], Awaitable[object]]


@dataclass(frozen=True)
class Load:
    """What a number of clients got together."""

    num_clients: int
    per_second: float
    p50_ms: float
    p99_ms: float


async def measured(asks: list[Ask]) -> Load:
    """Each asks again as soon as it has its answer."""
    times: list[float] = []
    begun = time.perf_counter() + WARM_UP_SECONDS
    ends = begun + SECONDS

    async def one(ask: Ask) -> None:
        while (started := time.perf_counter()) < ends:
            await ask()
            if started >= begun:
                times.append((time.perf_counter() - started) * 1000)

    await asyncio.gather(*map(one, asks))
    p50, p99 = np.percentile(times, (50, 99))
    return Load(len(asks), len(times) / SECONDS, float(p50), float(p99))


class RawHttp:
    """One kept connection that sends the same request again and again; a client library costs more."""

    def __init__(self, url: str, path: str, body: bytes, headers: dict[str, str]) -> None:
        self._address = urlsplit(url)
        lines = {"Host": self._address.netloc, "Content-Length": str(len(body)), **headers}
        head = "".join(f"{name}: {value}\r\n" for name, value in lines.items())
        self._request = f"POST {path} HTTP/1.1\r\n{head}\r\n".encode() + body

    async def open(self) -> "RawHttp":
        host, port = self._address.hostname, self._address.port
        self._reader, self._writer = await asyncio.open_connection(host, port)
        return self

    async def ask(self) -> bytes:
        self._writer.write(self._request)
        head = await self._reader.readuntil(b"\r\n\r\n")
        if not head.startswith(b"HTTP/1.1 200"):
            raise RuntimeError(head.decode())
        lines = head.lower().split(b"\r\n")
        length = next(int(line[15:]) for line in lines if line.startswith(b"content-length:"))
        return await self._reader.readexactly(length)

    def close(self) -> None:
        self._writer.close()


def of_the_gateway(url: str, name: str, token: str, png: bytes) -> RawHttp:
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "image/png"}
    return RawHttp(url, f"/v1/deployments/{name}/predict", png, headers)


async def through_the_gateway(url: str, name: str, token: str, png: bytes, num_clients: int) -> Load:
    return await _by([of_the_gateway(url, name, token, png) for _ in range(num_clients)])


async def straight_to_triton(
    addresses: tuple[str, str], model: str, pixels: np.ndarray, num_clients: int
) -> tuple[Load, float]:
    """By HTTP, and with the number of images that Triton ran at once, on average (asked by gRPC)."""
    http, grpc = addresses
    image = triton_http.InferInput("images", list(pixels.shape), "UINT8")
    image.set_data_from_numpy(pixels)
    body, json_size = triton_http.InferenceServerClient.generate_request_body([image])
    headers = {"Inference-Header-Content-Length": str(json_size)}
    path = f"/v2/models/{model}/infer"
    async with triton.InferenceServerClient(grpc) as client:
        before = await _executions(client, model)
        load = await _by([RawHttp(f"http://{http}", path, body, headers) for _ in range(num_clients)])
        after = await _executions(client, model)
    return load, (after[0] - before[0]) / max(1, after[1] - before[1])


async def _by(clients: list[RawHttp]) -> Load:
    for client in clients:
        await client.open()
    try:
        return await measured([client.ask for client in clients])
    finally:
        for client in clients:
            client.close()


async def in_turns(
    gateway: RawHttp, address: str, model: str, pixels: np.ndarray, num_requests: int, num_first: int
) -> tuple[list[float], list[float]]:
    """Milliseconds of each request through the gateway, and of each straight to Triton over gRPC."""
    image = triton.InferInput("images", list(pixels.shape), "UINT8")
    image.set_data_from_numpy(pixels)
    await gateway.open()
    async with triton.InferenceServerClient(address) as client:
        sides: tuple[Ask, Ask] = (gateway.ask, lambda: client.infer(model, [image]))
        times: tuple[list[float], list[float]] = ([], [])
        for number in range(num_first + num_requests):
            for ask, found in zip(sides, times, strict=True):
                started = time.perf_counter()
                await ask()
                if number >= num_first:
                    found.append((time.perf_counter() - started) * 1000)
    gateway.close()
    return times


async def _executions(client: triton.InferenceServerClient, model: str) -> tuple[int, int]:
    """Images, and how often the model ran."""
    found = await client.get_inference_statistics(model, as_json=True)
    assert found is not None
    stats = found["model_stats"]
    return (
        sum(int(each.get("inference_count", 0)) for each in stats),
        sum(int(each.get("execution_count", 0)) for each in stats),
    )
