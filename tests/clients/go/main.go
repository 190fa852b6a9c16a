// go-binance (github.com/adshao/go-binance/v2, package futures): REST, streams and WebSocket API. The driver's side of wire.py is here too.
package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"sync"
	"time"

	"github.com/adshao/go-binance/v2/common"
	"github.com/adshao/go-binance/v2/futures"
)

type object = map[string]any

var (
	out     = bufio.NewWriter(os.Stdout)
	outLock sync.Mutex
)

func send(message object) {
	text, err := json.Marshal(message)
	if err != nil {
		panic(err)
	}
	outLock.Lock()
	defer outLock.Unlock()
	_, _ = out.Write(append(text, '\n'))
	_ = out.Flush()
}

func event(kind string, value object) { send(object{"event": kind, "value": value}) }

var errMissing = errors.New("the package has no function for it")

// arguments of a call, as they were sent.
type arguments map[string]any

func (a arguments) text(name string) string {
	switch value := a[name].(type) {
	case string:
		return value
	case json.Number:
		return value.String()
	}
	return ""
}
func (a arguments) has(name string) bool { return a[name] != nil }
func (a arguments) whole(name string) int64 {
	value, _ := strconv.ParseInt(a.text(name), 10, 64)
	return value
}

type driver struct {
	client     *futures.Client
	subscribed map[string]bool
	listenKey  string
	place      *futures.OrderPlaceWsService
	cancel     *futures.OrderCancelWsService
	status     *futures.OrderStatusWsService
	account    *futures.WsAccountService
}

func newClient(secret string) *futures.Client {
	client := futures.NewClient(os.Getenv("VENUE_KEY"), secret)
	client.BaseURL = os.Getenv("VENUE_REST")
	return client
}

func failed(err error) { fmt.Fprintln(os.Stderr, err) }

func levels(from []futures.Bid) [][2]string {
	to := make([][2]string, 0, len(from))
	for _, level := range from {
		to = append(to, [2]string{level.Price, level.Quantity})
	}
	return to
}

func orderOf(o *futures.Order) object {
	return object{"id": o.OrderID, "client_id": o.ClientOrderID, "status": o.Status, "filled": o.ExecutedQuantity,
		"qty": o.OrigQuantity, "price": o.Price, "average": o.AvgPrice}
}

func (d *driver) order(a arguments) *futures.CreateOrderService {
	s := d.client.NewCreateOrderService().Symbol(a.text("symbol")).Side(futures.SideType(a.text("side"))).
		Type(futures.OrderType(a.text("type"))).Quantity(a.text("quantity")).NewClientOrderID(a.text("newClientOrderId"))
	if a.has("price") {
		s = s.Price(a.text("price"))
	}
	if a.has("timeInForce") {
		s = s.TimeInForce(futures.TimeInForceType(a.text("timeInForce")))
	}
	if a.has("reduceOnly") {
		s = s.ReduceOnly(true)
	}
	return s
}

func (d *driver) subscribe(kind, symbol string) (string, error) {
	if d.subscribed[kind] {
		return "again", nil
	}
	d.subscribed[kind] = true
	var err error
	switch kind {
	case "trade":
		_, _, err = futures.WsAggTradeServe(symbol, func(t *futures.WsAggTradeEvent) {
			event("trade", object{"id": t.AggregateTradeID, "price": t.Price, "qty": t.Quantity, "kind": "agg"})
		}, failed)
	case "bookTicker":
		_, _, err = futures.WsBookTickerServe(symbol, func(t *futures.WsBookTickerEvent) {
			event("bookTicker", object{"bid": t.BestBidPrice, "ask": t.BestAskPrice})
		}, failed)
	case "mark":
		_, _, err = futures.WsMarkPriceServeWithRate(symbol, time.Second, func(m *futures.WsMarkPriceEvent) {
			event("mark", object{"mark": m.MarkPrice})
		}, failed)
	case "kline":
		_, _, err = futures.WsKlineServe(symbol, "1m", func(k *futures.WsKlineEvent) {
			event("kline", object{"open_time": k.Kline.StartTime, "low": k.Kline.Low, "high": k.Kline.High, "close": k.Kline.Close})
		}, failed)
	case "depth":
		_, _, err = futures.WsCombinedDepthServe(map[string]string{symbol: "@0ms"}, func(m *futures.WsDepthEvent) {
			event("depth", object{"U": m.FirstUpdateID, "u": m.LastUpdateID, "pu": m.PrevLastUpdateID,
				"b": levels(m.Bids), "a": levels(m.Asks)})
		}, failed)
	}
	return "raw", err
}

func (d *driver) onUser(e *futures.WsUserDataEvent) {
	switch e.Event {
	case futures.UserDataEventTypeOrderTradeUpdate:
		o := e.OrderTradeUpdate
		told := object{"id": o.ID, "client_id": o.ClientOrderID, "status": o.Status, "filled": o.AccumulatedFilledQty, "qty": o.OriginalQty}
		if o.Commission != "" {
			told["commission"], told["last_price"] = o.Commission, o.LastFilledPrice
		}
		event("order", told)
	case futures.UserDataEventTypeAccountUpdate:
		told := object{}
		if len(e.AccountUpdate.Balances) > 0 {
			told["wallet"] = e.AccountUpdate.Balances[0].Balance
		}
		if len(e.AccountUpdate.Positions) > 0 {
			told["position"] = e.AccountUpdate.Positions[0].Amount
		}
		event("account", told)
	case "ALGO_UPDATE":
		event("algo", object{"id": e.AlgoUpdate.AlgoID, "status": e.AlgoUpdate.AlgoStatus})
	}
}

func wsError(err *common.APIError) error {
	if err == nil {
		return nil
	}
	return err
}

func (d *driver) run(name string, a arguments) (any, error) {
	ctx, stop := context.WithTimeout(context.Background(), 25*time.Second)
	defer stop()
	c, symbol, limit := d.client, a.text("symbol"), int(a.whole("limit"))
	switch name {
	case "time":
		return c.NewServerTimeService().Do(ctx)
	case "instruments":
		info, err := c.NewExchangeInfoService().Do(ctx)
		if err != nil {
			return nil, err
		}
		list := []object{}
		for _, s := range info.Symbols {
			list = append(list, object{"symbol": s.Symbol, "tick": s.PriceFilter().TickSize, "step": s.LotSizeFilter().StepSize,
				"min_qty": s.LotSizeFilter().MinQuantity, "min_notional": s.MinNotionalFilter().Notional})
		}
		return list, nil
	case "depth":
		b, err := c.NewDepthService().Symbol(symbol).Limit(limit).Do(ctx)
		if err != nil {
			return nil, err
		}
		return object{"id": b.LastUpdateID, "bids": levels(b.Bids), "asks": levels(b.Asks)}, nil
	case "trades":
		rows, err := c.NewRecentTradesService().Symbol(symbol).Limit(limit).Do(ctx)
		list := []object{}
		for _, t := range rows {
			list = append(list, object{"id": t.ID, "price": t.Price, "qty": t.Quantity})
		}
		return list, err
	case "agg_trades":
		rows, err := c.NewAggTradesService().Symbol(symbol).Limit(limit).Do(ctx)
		list := []object{}
		for _, t := range rows {
			list = append(list, object{"id": t.AggTradeID, "price": t.Price, "qty": t.Quantity})
		}
		return list, err
	case "klines":
		rows, err := c.NewKlinesService().Symbol(symbol).Interval(a.text("interval")).Limit(limit).Do(ctx)
		list := [][]any{}
		for _, k := range rows {
			list = append(list, []any{k.OpenTime, k.Open, k.High, k.Low, k.Close, k.Volume})
		}
		return list, err
	case "mark":
		rows, err := c.NewPremiumIndexService().Symbol(symbol).Do(ctx)
		if err != nil {
			return nil, err
		}
		return object{"mark": rows[0].MarkPrice, "rate": rows[0].LastFundingRate, "next_funding": rows[0].NextFundingTime}, nil
	case "ticker":
		rows, err := c.NewListPriceChangeStatsService().Symbol(symbol).Do(ctx)
		if err != nil {
			return nil, err
		}
		return object{"last": rows[0].LastPrice, "high": rows[0].HighPrice, "low": rows[0].LowPrice, "volume": rows[0].Volume}, nil
	case "book_ticker":
		rows, err := c.NewListBookTickersService().Symbol(symbol).Do(ctx)
		if err != nil {
			return nil, err
		}
		return object{"bid": rows[0].BidPrice, "ask": rows[0].AskPrice, "bid_qty": rows[0].BidQuantity}, nil
	case "brackets":
		rows, err := c.NewGetLeverageBracketService().Symbol(symbol).Do(ctx)
		if err != nil {
			return nil, err
		}
		list := []object{}
		for _, b := range rows[0].Brackets {
			list = append(list, object{"leverage": b.InitialLeverage, "floor": b.NotionalFloor})
		}
		return list, nil
	case "subscribe":
		return d.subscribe(a.text("kind"), symbol)
	case "place":
		o, err := d.order(a).Do(ctx)
		if err != nil {
			return nil, err
		}
		return object{"id": o.OrderID, "client_id": o.ClientOrderID, "status": o.Status, "filled": o.ExecutedQuantity,
			"qty": o.OrigQuantity, "price": o.Price}, nil
	case "order":
		o, err := c.NewGetOrderService().Symbol(symbol).OrderID(a.whole("id")).Do(ctx)
		if err != nil {
			return nil, err
		}
		return orderOf(o), nil
	case "open_orders", "all_orders":
		var rows []*futures.Order
		var err error
		if name == "open_orders" {
			rows, err = c.NewListOpenOrdersService().Symbol(symbol).Do(ctx)
		} else {
			rows, err = c.NewListOrdersService().Symbol(symbol).Do(ctx)
		}
		list := []object{}
		for _, o := range rows {
			list = append(list, orderOf(o))
		}
		return list, err
	case "cancel":
		s := c.NewCancelOrderService().Symbol(symbol)
		if a.has("id") {
			s = s.OrderID(a.whole("id"))
		} else {
			s = s.OrigClientOrderID(a.text("client_id"))
		}
		o, err := s.Do(ctx)
		if err != nil {
			return nil, err
		}
		return object{"id": o.OrderID, "status": o.Status}, nil
	case "cancel_all":
		return nil, c.NewCancelAllOpenOrdersService().Symbol(symbol).Do(ctx)
	case "cancel_list":
		ids := []int64{}
		for _, id := range a["ids"].([]any) {
			ids = append(ids, arguments(object{"id": id}).whole("id"))
		}
		rows, err := c.NewCancelMultipleOrdersService().Symbol(symbol).OrderIDList(ids).Do(ctx)
		list := []object{}
		for _, o := range rows {
			list = append(list, object{"id": o.OrderID, "status": o.Status})
		}
		return list, err
	case "modify":
		o, err := c.NewModifyOrderService().Symbol(symbol).OrderID(a.whole("id")).Side(futures.SideType(a.text("side"))).
			Quantity(a.text("quantity")).Price(a.text("price")).Do(ctx)
		if err != nil {
			return nil, err
		}
		return object{"id": o.OrderID, "status": o.Status}, nil
	case "batch":
		orders := []*futures.CreateOrderService{}
		for _, one := range a["orders"].([]any) {
			orders = append(orders, d.order(arguments(one.(object))))
		}
		answer, err := c.NewCreateBatchOrdersService().OrderList(orders).Do(ctx)
		if err != nil {
			return nil, err
		}
		list := []object{}
		for _, o := range answer.Orders {
			list = append(list, orderOf(o))
		}
		for _, problem := range answer.Errors {
			var told *common.APIError
			if errors.As(problem, &told) {
				list = append(list, object{"code": told.Code})
			}
		}
		return list, nil
	case "place_algo":
		s := c.NewCreateAlgoOrderService().AlgoType(futures.OrderAlgoTypeConditional).Symbol(symbol).Side(futures.SideType(a.text("side"))).
			Type(futures.AlgoOrderType(a.text("type"))).Quantity(a.text("quantity")).ClientAlgoId(a.text("clientAlgoId"))
		if a.has("price") {
			s = s.Price(a.text("price")).TimeInForce(futures.TimeInForceType(a.text("timeInForce")))
		}
		if a.has("triggerPrice") {
			s = s.TriggerPrice(a.text("triggerPrice"))
		}
		if a.has("callbackRate") {
			s = s.CallbackRate(a.text("callbackRate")).ActivatePrice(a.text("activatePrice"))
		}
		o, err := s.Do(ctx)
		if err != nil {
			return nil, err
		}
		return object{"id": o.AlgoId, "client_id": o.ClientAlgoId, "status": o.AlgoStatus}, nil
	case "open_algo":
		rows, err := c.NewListOpenAlgoOrdersService().Symbol(symbol).Do(ctx)
		list := []object{}
		for _, o := range rows { // activatePrice is not among its fields
			list = append(list, object{"id": o.AlgoId, "client_id": o.ClientAlgoId, "status": o.AlgoStatus, "type": o.OrderType, "trigger": o.TriggerPrice})
		}
		return list, err
	case "cancel_algo":
		_, err := c.NewCancelAlgoOrderService().AlgoID(a.whole("id")).Do(ctx)
		return nil, err
	case "set_leverage":
		l, err := c.NewChangeLeverageService().Symbol(symbol).Leverage(int(a.whole("leverage"))).Do(ctx)
		if err != nil {
			return nil, err
		}
		return object{"leverage": l.Leverage}, nil
	case "set_margin_mode":
		return nil, c.NewChangeMarginTypeService().Symbol(symbol).MarginType(futures.MarginType(a.text("mode"))).Do(ctx)
	case "positions":
		rows, err := c.NewGetPositionRiskV3Service().Do(ctx)
		list := []object{}
		for _, p := range rows {
			list = append(list, object{"symbol": p.Symbol, "qty": p.PositionAmt, "entry": p.EntryPrice})
		}
		return list, err
	case "balance":
		rows, err := c.NewGetBalanceService().Do(ctx)
		for _, b := range rows {
			if b.Asset == "USDT" {
				return object{"wallet": b.Balance, "available": b.AvailableBalance}, nil
			}
		}
		return nil, err
	case "own_trades":
		rows, err := c.NewListAccountTradeService().Symbol(symbol).Do(ctx)
		list := []object{}
		for _, t := range rows {
			list = append(list, object{"order_id": t.OrderID, "price": t.Price, "qty": t.Quantity, "commission": t.Commission, "realized": t.RealizedPnl})
		}
		return list, err
	case "income":
		rows, err := c.NewGetIncomeHistoryService().Limit(1000).Do(ctx)
		list := []object{}
		for _, i := range rows {
			list = append(list, object{"type": i.IncomeType, "amount": i.Income})
		}
		return list, err
	case "listen":
		var err error
		if d.listenKey, err = c.NewStartUserStreamService().Do(ctx); err != nil {
			return nil, err
		}
		_, _, err = futures.WsUserDataServe(d.listenKey, d.onUser, failed)
		return nil, err
	case "algo_events":
		return nil, nil
	case "keep_listen_key":
		return nil, c.NewKeepaliveUserStreamService().ListenKey(d.listenKey).Do(ctx)
	case "close_listen_key":
		return nil, c.NewCloseUserStreamService().ListenKey(d.listenKey).Do(ctx)
	case "wrong_secret":
		return newClient("not-the-secret").NewGetBalanceService().Do(ctx)
	case "limits":
		return object{"weight": c.UsedWeight.Used1M, "orders": c.OrderCount.Count10s}, nil
	}
	return d.runSocket(name, a)
}

// The WebSocket API: a service, and a connection, for each function.
func (d *driver) runSocket(name string, a arguments) (any, error) {
	key, secret := os.Getenv("VENUE_KEY"), os.Getenv("VENUE_SECRET")
	id := strconv.FormatInt(time.Now().UnixNano(), 10)
	var err error
	switch name {
	case "ws_place":
		if d.place == nil {
			if d.place, err = futures.NewOrderPlaceWsService(key, secret); err != nil {
				return nil, err
			}
		}
		r, err := d.place.SyncDo(id, futures.NewOrderPlaceWsRequest().Symbol(a.text("symbol")).Side(futures.SideType(a.text("side"))).
			Type(futures.OrderType(a.text("type"))).TimeInForce(futures.TimeInForceType(a.text("timeInForce"))).
			Quantity(a.text("quantity")).Price(a.text("price")).NewClientOrderID(a.text("newClientOrderId")))
		if err != nil {
			return nil, err
		}
		if err := wsError(r.Error); err != nil {
			return nil, err
		}
		o := r.Result
		return object{"id": o.OrderID, "client_id": o.ClientOrderID, "status": o.Status, "filled": o.ExecutedQuantity}, nil
	case "ws_cancel":
		if d.cancel == nil {
			if d.cancel, err = futures.NewOrderCancelWsService(key, secret); err != nil {
				return nil, err
			}
		}
		r, err := d.cancel.SyncDo(id, futures.NewOrderCancelRequest().Symbol(a.text("symbol")).OrderID(a.whole("id")))
		if err != nil {
			return nil, err
		}
		if err := wsError(r.Error); err != nil {
			return nil, err
		}
		return object{"id": r.Result.OrderID, "status": r.Result.Status}, nil
	case "ws_order":
		if d.status == nil {
			if d.status, err = futures.NewOrderStatusWsService(key, secret); err != nil {
				return nil, err
			}
		}
		r, err := d.status.SyncDo(id, futures.NewOrderStatusWsRequest().Symbol(a.text("symbol")).OrderID(a.whole("id")))
		if err != nil {
			return nil, err
		}
		if err := wsError(r.Error); err != nil {
			return nil, err
		}
		return object{"id": r.Result.OrderID, "price": r.Result.Price, "status": r.Result.Status}, nil
	case "ws_balance":
		if d.account == nil {
			if d.account, err = futures.NewWsAccountService(key, secret); err != nil {
				return nil, err
			}
		}
		r, err := d.account.SyncGetAccountBalance(id)
		if err != nil {
			return nil, err
		}
		for _, b := range r.Result {
			if b.Asset == "USDT" {
				return object{"wallet": b.Balance}, nil
			}
		}
		return nil, errors.New("no USDT in the balance")
	}
	return nil, errMissing
}

func main() {
	streams := os.Getenv("VENUE_STREAMS")
	futures.BaseWsMainUrl = streams + "/ws"
	futures.BaseCombinedMainURL = streams + "/stream?streams="
	futures.BaseWsPublicMainUrl = streams + "/public/ws"
	futures.BaseCombinedPublicMainURL = streams + "/public/stream?streams="
	futures.BaseWsMarketMainUrl = streams + "/market/ws"
	futures.BaseCombinedMarketMainURL = streams + "/market/stream?streams="
	futures.BaseWsPrivateMainUrl = streams + "/private/ws"
	futures.BaseWsApiMainURL = streams + "/ws-fapi/v1"
	os.Stdout = os.Stderr // the messages have standard output for themselves
	d := &driver{client: newClient(os.Getenv("VENUE_SECRET")), subscribed: map[string]bool{}}
	in := json.NewDecoder(os.Stdin)
	in.UseNumber()
	for {
		var message struct {
			ID   int       `json:"id"`
			Call string    `json:"call"`
			Args arguments `json:"args"`
		}
		if err := in.Decode(&message); err != nil {
			if !errors.Is(err, io.EOF) {
				failed(err)
			}
			return
		}
		value, err := d.run(message.Call, message.Args)
		answer := object{"id": message.ID}
		var refused *common.APIError
		switch {
		case errors.As(err, &refused):
			answer["refused"] = object{"code": refused.Code, "text": refused.Message, "kind": "APIError"}
		case errors.Is(err, errMissing):
			answer["missing"] = err.Error()
		case err != nil:
			answer["broken"] = err.Error()
		default:
			answer["value"] = value
		}
		send(answer)
	}
}
