// A Node program with @stoqey/ib: looks around, trades a little, and tells what it saw as one
// line of JSON. Usage: node client.mjs HOST PORT
import ib from "@stoqey/ib";
import { filter, firstValueFrom, timeout } from "rxjs";

const { BarSizeSetting, IBApiNext, OrderAction, OrderType, SecType, TimeInForce, WhatToShow } = ib;
const { ConnectionState, IBApiTickType, Stock } = ib;
const PATIENCE_MS = 15_000;
const RESTING = 700;

const [host, port] = process.argv.slice(2);
const api = new IBApiNext({ host, port: Number(port), reconnectInterval: 0 });
const errors = [];
api.error.subscribe((e) => errors.push({ id: e.reqId, code: e.code, text: e.error.message }));

const first = (stream, wanted) =>
  firstValueFrom(stream.pipe(filter(wanted), timeout(PATIENCE_MS)));
const numbers = (ticks) =>
  Object.fromEntries([...ticks].map(([type, tick]) => [IBApiTickType[type], tick.value]));
const heldIn = (update, account) => update.all.get(account) ?? [];

async function connect() {
  const connected = first(api.connectionState, (state) => state === ConnectionState.Connected);
  api.connect(61);
  await connected;
}

// Its open-orders query ends with the gateway's answer, which may come before the order rests.
async function openOrder(orderId) {
  const deadline = Date.now() + PATIENCE_MS;
  while (Date.now() < deadline) {
    const orders = await api.getAllOpenOrders();
    const found = orders.find((o) => o.orderId === orderId && o.orderState.status === "Submitted");
    if (found) return found;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error(`order ${orderId} never rested`);
}

async function trade(spy, account) {
  const terms = { action: OrderAction.BUY, totalQuantity: 10, tif: TimeInForce.DAY };
  const order = { ...terms, account, transmit: true };
  const limit = { ...order, orderType: OrderType.LMT, lmtPrice: RESTING };
  const restingId = await api.placeNewOrder(spy, limit);
  const resting = await openOrder(restingId);
  const cancelled = first(api.error, (e) => e.code === 202 && e.reqId === restingId);
  api.cancelOrder(restingId);
  const { code } = await cancelled;

  const marketId = await api.placeNewOrder(spy, { ...order, orderType: OrderType.MKT });
  const positions = await first(api.getPositions(), (u) => heldIn(u, account).some((p) => p.pos));
  const [position] = heldIn(positions, account);
  const [execution] = await api.getExecutionDetails({});
  const pnl = await first(api.getPnL(account), (p) => p.unrealizedPnL !== undefined);
  return {
    resting: { price: resting.order.lmtPrice, quantity: resting.order.totalQuantity },
    cancelCode: code,
    followedId: marketId === restingId + 1,
    position: { conId: position.contract.conId, quantity: position.pos, cost: position.avgCost },
    execution: {
      side: execution.execution.side,
      shares: execution.execution.shares,
      price: execution.execution.price,
    },
    pnl: pnl.unrealizedPnL,
  };
}

async function main() {
  await connect();
  const [account] = await api.getManagedAccounts();
  const [details] = await api.getContractDetails(new Stock("SPY", "SMART", "USD"));
  // Not details.contract: this library turns its empty multiplier into 0 and would send that.
  const spy = { conId: details.contract.conId, exchange: "SMART" };
  const chains = await api.getSecDefOptParams("SPY", "", SecType.STK, spy.conId);
  const smart = chains.find((c) => c.exchange === "SMART" && c.tradingClass === "SPY");
  const quoted = (update) => [1, 2, 9].every((type) => update.all.get(type)?.value > 0);
  const quote = numbers((await first(api.getMarketData(spy, "", false, false), quoted)).all);
  const bars = await api.getHistoricalData(
    spy, "", "3 D", BarSizeSetting.DAYS_ONE, WhatToShow.TRADES, 1, 1,
  );
  const summary = await first(api.getAccountSummary("All", "NetLiquidation"), (u) =>
    u.all.get(account)?.get("NetLiquidation"),
  );
  const seen = {
    account,
    details: { conId: spy.conId, longName: details.longName, minTick: details.minTick },
    chain: { expirations: smart.expirations.sort(), strikes: smart.strikes.length },
    quote,
    bars: bars.map(({ time, open, high, low, close }) => ({ time, open, high, low, close })),
    netLiquidation: summary.all.get(account).get("NetLiquidation").get("USD").value,
    ...(await trade(spy, account)),
    errors,
  };
  api.disconnect();
  process.stdout.write(JSON.stringify(seen) + "\n");
}

main().then(
  () => process.exit(0),
  (error) => {
    process.stderr.write(`${error?.stack ?? JSON.stringify(error)}\n${JSON.stringify(errors)}\n`);
    process.exit(1);
  },
);
