/* The order protocol as a model for Spin: engine, order session, network, venue, clocks and restarts.
 *
 * ORDER_PROTOCOL.md beside this file says what is left out, what is proved and with which figures; tools/model runs it.
 *
 *   Strategy(o)  the engine's own moves: submit, modify, wish to cancel, an overdue answer   (order_manager.cpp)
 *   Session(o)   the gateway's order session: sends, judges answers                          (error_table.h for the fates)
 *   Inquiry(o)   ... its queries by client id and its reconciliation
 *   Network(o)   loses requests, delivers user events in any order, twice or never
 *   Venue(o)     the door that checks recvWindow, the backend behind it, the matching engine
 *   Desk(o)      ... where the venue answers queries
 *   Clock(o)     recvWindow runs out; what was accepted becomes visible to queries; the market moves away
 *   Power        kills program and host at any moment: what was not durable is gone
 *   Judge        when nothing moves any more, looks at both sides
 *
 * Every process is one loop of atomic steps, so it has no state but the variables below. An order trades in units; the
 * n-th execution of an order is trade id n.
 *
 * Bounds (-D at the command line):
 *   ORDERS    commands               QTY      units of each order             MODQTY  units after its modify
 *   RESENDS   after certain failure  MODIFIES of each order (0 or 1)          CANCELS 1: the strategy may wish to cancel
 *   LOSSES    answers that never come or are unclear, of all orders           CRASHES restarts
 *   DOUBLES   user events that come once more                                 DEADLINES 1: the engine's own time-out
 */
#ifndef ORDERS
#define ORDERS 1
#endif
#ifndef QTY
#define QTY 1
#endif
#ifndef MODQTY
#define MODQTY 2
#endif
#ifndef RESENDS
#define RESENDS 1
#endif
#ifndef MODIFIES
#define MODIFIES 0
#endif
#ifndef CANCELS
#define CANCELS 1
#endif
#ifndef LOSSES
#define LOSSES 1
#endif
#ifndef CRASHES
#define CRASHES 1
#endif
#ifndef DOUBLES
#define DOUBLES 1
#endif
#ifndef DEADLINES
#define DEADLINES 1
#endif

/* ------------------------------------------------------------------------------------------ the engine's table */

/* Statuses and reports in the order of transition_table.h. */
#define initialized 0
#define denied 1
#define submitted 2
#define rejected 3
#define accepted 4
#define partially_filled 5
#define filled 6
#define pending_modify 7
#define pending_cancel 8
#define canceled 9
#define expired 10
#define triggered 11
#define unknown 12

#define r_accepted 0
#define r_rejected 1
#define r_part 2
#define r_full 3
#define r_canceled 4
#define r_cancel_rejected 5
#define r_modified 6
#define r_modify_rejected 7
#define r_expired 8
#define r_triggered 9
#define r_trailing 10
#define r_unknown 11
#define r_snapshot 12

/* Cells: 32 + status leads there, the others as transition_table.h names them. */
#define kStay 1
#define kBelow 2
#define kBack 3
#define kWork 4
#define kAnsw 5
#define kSett 6
#define kLate 7
#define kImp 8
#define kTo 32
#define kAcc 36
#define kRej 35
#define kPart 37
#define kFull 38
#define kCanc 41
#define kExp 42
#define kTrig 43
#define kUnk 44

#define ROW(status, a, b, c, d, e, f, g, h, i, j, k, l, m) \
  :: status_ == status -> \
     cell = (report_ == 0 -> a : (report_ == 1 -> b : (report_ == 2 -> c : (report_ == 3 -> d : \
            (report_ == 4 -> e : (report_ == 5 -> f : (report_ == 6 -> g : (report_ == 7 -> h : \
            (report_ == 8 -> i : (report_ == 9 -> j : (report_ == 10 -> k : (report_ == 11 -> l : m))))))))))))

/* Working variables of one atomic step: no part of the state. */
hidden byte cell;
hidden byte report_;
hidden byte status_;
hidden byte is_beneath;
hidden byte is_asked;
hidden byte ev;
hidden byte n;
hidden byte was;
hidden byte said;

/* A test in tests/engine holds the rows between the marks against transition(). */
inline look_up() {
  if
  /* table begins */
  /*                    accepted rejected part   full   canceled c.rej  modified m.rej  expired trigg.  trail.  unknown snapshot */
  ROW(initialized,      kImp,    kImp,    kImp,  kImp,  kImp,    kImp,  kImp,    kImp,  kImp,   kImp,   kImp,   kImp,   kImp)
  ROW(denied,           kImp,    kImp,    kImp,  kImp,  kImp,    kImp,  kImp,    kImp,  kImp,   kImp,   kImp,   kImp,   kImp)
  ROW(submitted,        kAcc,    kRej,    kPart, kFull, kCanc,   kImp,  kImp,    kImp,  kExp,   kTrig,  kImp,   kUnk,   kSett)
  ROW(rejected,         kLate,   kLate,   kImp,  kImp,  kLate,   kAnsw, kImp,    kImp,  kLate,  kImp,   kImp,   kLate,  kSett)
  ROW(accepted,         kLate,   kImp,    kPart, kFull, kCanc,   kAnsw, kAnsw,   kAnsw, kExp,   kTrig,  kStay,  kUnk,   kSett)
  ROW(partially_filled, kLate,   kImp,    kPart, kFull, kCanc,   kAnsw, kAnsw,   kAnsw, kExp,   kImp,   kImp,   kUnk,   kSett)
  ROW(filled,           kLate,   kImp,    kImp,  kImp,  kLate,   kAnsw, kLate,   kAnsw, kLate,  kLate,  kLate,  kLate,  kSett)
  ROW(pending_modify,   kBelow,  kBelow,  kBelow,kFull, kCanc,   kAnsw, kBack,   kBack, kExp,   kBelow, kBelow, kUnk,   kSett)
  ROW(pending_cancel,   kBelow,  kBelow,  kBelow,kFull, kCanc,   kBack, kAnsw,   kAnsw, kExp,   kBelow, kBelow, kUnk,   kSett)
  ROW(canceled,         kLate,   kImp,    kLate, kLate, kLate,   kAnsw, kLate,   kAnsw, kLate,  kLate,  kLate,  kLate,  kSett)
  ROW(expired,          kLate,   kImp,    kLate, kLate, kLate,   kAnsw, kLate,   kAnsw, kLate,  kLate,  kLate,  kLate,  kSett)
  ROW(triggered,        kAcc,    kImp,    kPart, kFull, kCanc,   kAnsw, kAnsw,   kAnsw, kExp,   kLate,  kLate,  kUnk,   kSett)
  ROW(unknown,          kWork,   kRej,    kPart, kFull, kCanc,   kAnsw, kWork,   kWork, kExp,   kTrig,  kWork,  kStay,  kSett)
  /* table ends */
  fi
}

/* ------------------------------------------------------------------------------------------------------- state */

/* The engine's order (order.h). */
typedef EngineOrder {
  byte status;      /* OrderStatus */
  byte beneath;     /* below a pending cancel or modify */
  byte qty;         /* request.qty */
  byte cum;         /* cum_qty */
  byte booked;      /* trade ids seen, one bit each */
  bit modify;       /* modify_command is in flight (to MODQTY) */
  bit cancel;       /* cancel_command is in flight */
  bit wish;         /* the strategy wants it closed */
}
EngineOrder eng[ORDERS];
EngineOrder disk[ORDERS]; /* what surely survives a crash: as of the last command, which is durable before it is sent */

#define is_closed(s) (s == denied || s == rejected || s == filled || s == canceled || s == expired)
#define is_open(s) (!is_closed(s) && s != initialized)
#define is_in_flight(s) (s == submitted || s == pending_modify || s == pending_cancel)

/* A request on its way. */
#define none 0
#define queued 1   /* made, not signed yet: the rate limiter holds it */
#define flying 2
#define inside 3   /* past the door: its time stamp was good, the backend has it */

/* Where recvWindow of the last signed request stands, by the venue's clock. */
#define unsigned_yet 0
#define runs 1
#define shut 2     /* the door refuses it from now on */
#define passed 3   /* and nothing that was let in is still under way or invisible: the margin */

/* Answers on their way. */
#define a_none 0
#define a_ok 1
#define a_refused 2    /* Fate::not_accepted; of a cancel -2011; of a modify: nothing to modify */
#define a_resendable 3 /* Fate::failed_resendable: 503 B, C, D */
#define a_unclear 4    /* Fate::unknown: 503 A, -1006, -1007 */
#define a_duplicate 5  /* -4116 */

typedef SessionOrder {
  bit in_doubt;         /* fate of the place unknown */
  bit cancel_in_doubt;
  bit modify_in_doubt;
  bit recheck;          /* something may have been missed, or -2011: query, and read trades */
  bit place_awaited;    /* our REST call is open */
  bit cancel_awaited;
  bit modify_awaited;
  byte tries;
  /* The query: asked, then its answer, then the trades it lacks are read. */
  bit asked;
  bit answered;
  bit overtaken;        /* new terms were booked since: the answer may be older than they are */
  bit after_window;     /* asked when the place's window had passed */
  bit after_modify;     /* ... the modify's */
  byte seen;            /* the answer: status at the venue, none = -2013 */
  byte seen_cum;
  byte seen_qty;
}
SessionOrder ses[ORDERS];

typedef Wire {
  byte place;           /* the request on its way */
  byte place_answer;
  byte window;
  bit old_place;        /* a copy nobody waits for any more, beside `place` (planted rule only) */
  byte cancel;
  byte cancel_answer;
  bit old_cancel;
  byte modify;
  byte modify_answer;
  byte modify_window;
  byte events;          /* user events under way, one bit each */
  byte at_mod;          /* trade n was executed on the modified terms: bit n */
}
Wire net[ORDERS];

/* The venue's order. */
#define v_none 0
#define v_open 1
#define v_filled 2
#define v_canceled 3
#define v_expired 4
typedef VenueOrder {
  byte status;
  byte cum;
  byte qty;
  bit visible;          /* to queries */
  bit gone;             /* the market has moved away: no further execution */
}
VenueOrder ven[ORDERS];

/* Bits of `events`. Trade n is bit n. */
#define e_new 1
#define e_amend 16
#define e_end 32        /* CANCELED or EXPIRED */

byte losses = LOSSES;
byte crashes = CRASHES;
byte doubles = DOUBLES;
byte spare_checks = 1;  /* reconciliations without a reason */

/* -------------------------------------------------------------------------- the engine books a report (order_reports.cpp) */

inline impossible() {
#ifdef NO_IMPOSSIBLE
  assert(false)
#else
  skip
#endif
}

inline take_terms(o, report_qty) {
  eng[o].qty = (report_qty != 0 -> report_qty : MODQTY);
  eng[o].modify = 0
}

inline reach(o, next) {
  if
  :: is_closed((next)) || !is_beneath -> eng[o].status = next
  :: else
  fi;
  if
  :: (next) != unknown -> eng[o].beneath = next
  :: else
  fi
}

/* apply(): one cell carried out. report_qty 0 = not said; absent: the venue does not know the order. */
inline book(o, report, report_qty, report_cum, absent) {
  report_ = report;
  status_ = eng[o].status;
  is_beneath = 0;
  look_up();
  if
  :: cell == kBelow -> is_beneath = 1; status_ = eng[o].beneath; look_up()
  :: else
  fi;
  is_asked = (report_ == r_cancel_rejected -> eng[o].cancel : eng[o].modify);
  said = eng[o].status;
  if
  :: cell >= kTo -> reach(o, (cell - kTo))
  :: cell == kStay -> skip
  :: cell == kAnsw && !is_asked -> impossible()
  :: cell == kBack && !is_asked -> skip /* late */
  :: (cell == kAnsw || cell == kBack) && is_asked ->
     if
     :: report_ == r_modified -> take_terms(o, report_qty)
     :: report_ == r_modify_rejected -> eng[o].modify = 0
     :: report_ == r_cancel_rejected -> eng[o].cancel = 0
     fi;
     if
     :: cell == kBack && eng[o].status == pending_cancel && eng[o].modify -> eng[o].status = pending_modify
     :: cell == kBack && !(eng[o].status == pending_cancel && eng[o].modify) -> eng[o].status = eng[o].beneath
     :: else
     fi
  :: cell == kWork ->
     if
     :: (report_ == r_modified || report_ == r_modify_rejected) && !is_asked -> impossible()
     :: else ->
        if
        :: report_ == r_modified -> take_terms(o, report_qty)
        :: report_ == r_modify_rejected -> eng[o].modify = 0
        :: else
        fi;
        if
        :: eng[o].beneath == submitted -> eng[o].beneath = accepted
        :: else
        fi;
        eng[o].status = eng[o].beneath
     fi
  :: cell == kSett && !is_closed(eng[o].status) ->
     was = eng[o].status;
     if
     :: absent ->
        if
        :: (was == unknown || was == submitted || (was == pending_cancel && eng[o].beneath == submitted)) &&
           eng[o].cum == 0 ->
           assert(eng[o].beneath == submitted); /* what has been seen alive is never called absent */
           eng[o].status = rejected; eng[o].beneath = rejected
        :: else -> impossible()
        fi
     :: !(absent) && report_cum != eng[o].cum -> skip /* executions are missing: as it is until they come */
     :: else ->
        if
        :: was == unknown || was == submitted ->
           if
           :: eng[o].modify && report_qty != eng[o].qty -> take_terms(o, report_qty)
           :: else
           fi;
           if
           :: eng[o].beneath == submitted -> eng[o].beneath = accepted
           :: else
           fi;
           eng[o].status = eng[o].beneath
        :: else
        fi;
        if
        :: !eng[o].modify && report_qty != 0 -> eng[o].qty = report_qty
        :: else
        fi
     fi
  :: cell == kSett && is_closed(eng[o].status) -> skip
  :: cell == kLate -> skip
  :: cell == kImp -> impossible()
  fi;
  printf("engine   %d: report %d, status %d to %d, executed %d of %d\n", o, report_, said, eng[o].status, eng[o].cum, eng[o].qty)
}

/* take_fill(): trade `id` once, then the cell. */
inline book_fill(o, id, report_qty, report_cum) {
  if
#ifdef PLANT_NO_TRADE_ID
  :: false -> skip
#else
  :: (eng[o].booked >> (id)) & 1 -> skip /* duplicateFill */
#endif
  :: else ->
     eng[o].booked = eng[o].booked | (1 << (id));
     if
     :: eng[o].modify && report_qty == MODQTY -> eng[o].qty = MODQTY
     :: else
     fi;
     eng[o].cum++;
     assert(eng[o].cum <= ven[o].cum); /* no execution is booked twice */
     if
     :: report_cum == eng[o].cum && report_qty == eng[o].cum && eng[o].cum < eng[o].qty -> eng[o].qty = eng[o].cum
     :: else
     fi;
#ifdef PLANT_OWN_QUANTITY
     ev = (eng[o].cum >= eng[o].qty -> r_full : r_part);
#else /* not complete while the venue's report says that more is open */
     ev = (eng[o].cum >= eng[o].qty && eng[o].cum >= report_qty -> r_full : r_part);
#endif
     book(o, ev, 0, 0, 0)
  fi
}

inline copy_order(to, from) {
  to.status = from.status;
  to.beneath = from.beneath;
  to.qty = from.qty;
  to.cum = from.cum;
  to.booked = from.booked;
  to.modify = from.modify;
  to.cancel = from.cancel;
  to.wish = from.wish
}

/* The command and all that caused it are durable before it leaves. */
inline make_durable(o) {
  copy_order(disk[o], eng[o])
}

/* ------------------------------------------------------------------------------------------------ Strategy */

proctype Strategy(byte o) {
end:
  do
  :: d_step {
       eng[o].status == initialized && net[o].window == unsigned_yet ->
       printf("strategy %d: submits; the command is durable, the order waits for the limiter\n", o);
       eng[o].status = submitted;
       eng[o].beneath = submitted;
       eng[o].qty = QTY;
#ifndef PLANT_SEND_BEFORE_DURABLE
       make_durable(o);
#endif
       net[o].place = queued;
       ses[o].place_awaited = 1
     }
#if CANCELS
  :: d_step { is_open(eng[o].status) && !eng[o].wish -> eng[o].wish = 1; printf("strategy %d: wants the order closed\n", o) }
  /* A standing wish is acted on whenever cancel() would take it. */
  :: d_step {
       eng[o].wish && is_open(eng[o].status) && eng[o].status != pending_cancel ->
       printf("strategy %d: sends a cancel\n", o);
       if
       :: eng[o].status != pending_modify -> eng[o].modify = 0
       :: else
       fi;
       eng[o].cancel = 1;
       eng[o].status = pending_cancel;
       make_durable(o);
       if
       :: net[o].cancel == flying -> net[o].old_cancel = 1
       :: else
       fi;
       net[o].cancel = flying;
       net[o].cancel_answer = a_none;
       ses[o].cancel_awaited = 1
     }
#endif
#if MODIFIES
  :: d_step {
       (eng[o].status == accepted || eng[o].status == partially_filled) && !eng[o].wish &&
       net[o].modify_window == unsigned_yet && MODQTY > eng[o].cum ->
       printf("strategy %d: sends a modify\n", o);
       eng[o].cancel = 0;
       eng[o].modify = 1;
       eng[o].status = pending_modify;
       make_durable(o);
       net[o].modify = flying;
       net[o].modify_window = runs;
       ses[o].modify_awaited = 1
     }
#endif
#if DEADLINES
  :: d_step { is_in_flight(eng[o].status) -> eng[o].status = unknown; printf("engine   %d: an answer is overdue, status unknown\n", o) } /* engine.order_timeout */
#endif
  od
}

/* ------------------------------------------------------------------------------------------------- Session */

#ifdef PLANT_OLD_ANSWER_COUNTS
#define is_fresh(o) true
#else
#define is_fresh(o) (!ses[o].overtaken)
#endif
#define in_any_doubt(o) (ses[o].in_doubt || ses[o].cancel_in_doubt || ses[o].modify_in_doubt)

inline fate_unknown(o) {
#ifndef PLANT_DOUBT_THE_LIVING
  if
  :: eng[o].beneath != submitted -> ses[o].recheck = 1 /* an event has shown it alive: no -2013 may undo that */
  :: else ->
#else
  if
  :: true ->
#endif
     ses[o].in_doubt = 1;
     book(o, r_unknown, 0, 0, 0)
  fi
}

inline ask(o) {
  ses[o].asked = 1;
  ses[o].recheck = 0;
#ifdef PLANT_BELIEVE_ABSENCE
  ses[o].after_window = 1;
#else
#ifdef PLANT_NO_MARGIN
  ses[o].after_window = (net[o].window >= shut);
#else
  ses[o].after_window = (net[o].window == passed);
#endif
#endif
#ifdef PLANT_BELIEVE_OLD_TERMS
  ses[o].after_modify = 1
#else
  ses[o].after_modify = (net[o].modify_window == passed)
#endif
}

inline forget_answer(o) {
  ses[o].asked = 0;
  ses[o].answered = 0;
  ses[o].overtaken = 0;
  ses[o].after_window = 0;
  ses[o].after_modify = 0;
  ses[o].seen = 0;
  ses[o].seen_cum = 0;
  ses[o].seen_qty = 0
}

proctype Session(byte o) {
end:
  do
  /* The limiter lets the place go; it is signed now, with the time of now. */
  :: d_step {
       net[o].place == queued ->
       printf("session  %d: signs and sends the place\n", o);
       net[o].place = flying;
       net[o].window = runs
     }
  /* --- answers to the place */
  :: d_step {
       ses[o].place_awaited && net[o].place_answer == a_ok ->
       printf("session  %d: place answered 200\n", o);
       net[o].place_answer = a_none;
       ses[o].place_awaited = 0;
       ses[o].in_doubt = 0;
       book(o, r_accepted, 0, 0, 0)
     }
  :: d_step {
       ses[o].place_awaited && net[o].place_answer == a_refused ->
       printf("session  %d: place refused for certain\n", o);
       net[o].place_answer = a_none;
       ses[o].place_awaited = 0;
       book(o, r_rejected, 0, 0, 0)
     }
  :: d_step {
       ses[o].place_awaited && net[o].place_answer == a_resendable ->
       printf("session  %d: place not processed for certain (503 B, C, D)\n", o);
       net[o].place_answer = a_none;
       if
       :: ses[o].tries < RESENDS -> /* again, with the same client id */
          ses[o].tries++;
          net[o].place = queued
       :: else ->
          ses[o].place_awaited = 0;
          book(o, r_rejected, 0, 0, 0)
       fi
     }
  :: d_step {
       ses[o].place_awaited && (net[o].place_answer == a_unclear || net[o].place_answer == a_duplicate) ->
       printf("session  %d: place answered unclear (503 A, -1007) or duplicate (-4116)\n", o);
       net[o].place_answer = a_none;
       ses[o].place_awaited = 0;
       fate_unknown(o)
     }
  :: d_step { /* time-out or lost socket: whatever comes later is not read */
       ses[o].place_awaited && net[o].place != queued && losses > 0 ->
       printf("session  %d: place timed out\n", o);
       losses--;
       net[o].place_answer = a_none;
#ifdef PLANT_RESEND_AFTER_TIMEOUT
       if
       :: ses[o].tries < RESENDS ->
          ses[o].tries++;
          net[o].old_place = (net[o].place == flying -> 1 : net[o].old_place);
          net[o].place = queued
       :: else ->
          ses[o].place_awaited = 0;
          fate_unknown(o)
       fi
#else
       ses[o].place_awaited = 0;
       fate_unknown(o)
#endif
     }
  /* --- answers to the cancel */
  :: d_step {
       ses[o].cancel_awaited && net[o].cancel_answer == a_ok ->
       printf("session  %d: cancel answered 200\n", o);
       net[o].cancel_answer = a_none;
       ses[o].cancel_awaited = 0;
       ses[o].cancel_in_doubt = 0;
       ses[o].in_doubt = 0;
       if
       :: ven[o].cum != eng[o].cum -> ses[o].recheck = 1 /* executedQty of the answer: executions are missing */
       :: else
       fi;
       book(o, r_canceled, 0, 0, 0)
     }
  :: d_step { /* -2011: filled, cancelled, or not there yet. The query says which. */
       ses[o].cancel_awaited && net[o].cancel_answer == a_refused ->
       printf("session  %d: cancel answered -2011\n", o);
       net[o].cancel_answer = a_none;
       ses[o].cancel_awaited = 0;
       ses[o].cancel_in_doubt = 1
     }
  :: d_step {
       ses[o].cancel_awaited && losses > 0 ->
       printf("session  %d: cancel timed out\n", o);
       losses--;
       net[o].cancel_answer = a_none;
       ses[o].cancel_awaited = 0;
       ses[o].cancel_in_doubt = 1;
       book(o, r_unknown, 0, 0, 0)
     }
#if MODIFIES
  /* --- answers to the modify */
  :: d_step {
       ses[o].modify_awaited && net[o].modify_answer == a_ok ->
       printf("session  %d: modify answered 200\n", o);
       net[o].modify_answer = a_none;
       ses[o].modify_awaited = 0;
       ses[o].overtaken = ses[o].asked;
       book(o, r_modified, MODQTY, 0, 0)
     }
  :: d_step { /* no such order, or cancelled by it: ask which */
       ses[o].modify_awaited && net[o].modify_answer == a_refused ->
       printf("session  %d: modify refused\n", o);
       net[o].modify_answer = a_none;
       ses[o].modify_awaited = 0;
       ses[o].recheck = 1;
       book(o, r_modify_rejected, 0, 0, 0)
     }
  :: d_step {
       ses[o].modify_awaited && losses > 0 ->
       printf("session  %d: modify timed out\n", o);
       losses--;
       net[o].modify_answer = a_none;
       ses[o].modify_awaited = 0;
       ses[o].modify_in_doubt = 1;
       book(o, r_unknown, 0, 0, 0)
     }
#endif
  od
}

/* The session's other half, by itself so that fairness can tell them apart. */
proctype Inquiry(byte o) {
end:
  do
#ifdef ORPHAN_RULE
  /* openOrders and userTrades, again and again: only a sweep that finds something is a step */
  :: d_step {
       ven[o].visible && eng[o].status == rejected && !ses[o].asked && !ses[o].recheck && !ses[o].cancel_awaited &&
       (ven[o].status == v_open || ven[o].cum != eng[o].cum) ->
       printf("session  %d: the sweep finds the order\n", o);
       ses[o].recheck = 1
     }
#endif
  /* A query's own losses change nothing and are left out: it is asked until it is answered. */
  :: d_step {
       !ses[o].asked && !ses[o].place_awaited && eng[o].status != initialized && (in_any_doubt(o) || ses[o].recheck) ->
       printf("session  %d: asks by client id\n", o);
       ask(o)
     }
  :: d_step { /* reconciliation without a reason */
       !ses[o].asked && !ses[o].place_awaited && eng[o].status != initialized && spare_checks > 0 &&
       !in_any_doubt(o) && !ses[o].recheck ->
       printf("session  %d: asks by client id (reconciliation)\n", o);
       spare_checks--;
       ask(o)
     }
  :: d_step { /* -2013 */
       ses[o].answered && ses[o].seen == v_none ->
       printf("session  %d: the answer is -2013\n", o);
       if
       :: ses[o].in_doubt && ses[o].after_window -> /* the proof of absence */
          ses[o].in_doubt = 0;
          ses[o].cancel_in_doubt = 0;
          book(o, r_snapshot, 0, 0, 1)
       :: else -> /* not visible yet, or not there yet: again */
#ifdef PLANT_CLOSED_IS_DONE
          ses[o].recheck = (is_open(eng[o].status) -> 1 : 0);
#else
          ses[o].recheck = (eng[o].status != rejected -> 1 : 0); /* closed or not: what was missed is still owed */
#endif
          if
          :: !is_open(eng[o].status) -> /* settled meanwhile */
             ses[o].in_doubt = 0;
             ses[o].cancel_in_doubt = 0;
             ses[o].modify_in_doubt = 0
          :: else
          fi
       fi;
       forget_answer(o)
     }
  :: d_step { /* taken before a change of terms that is booked already: again */
       ses[o].answered && ses[o].seen != v_none && !is_fresh(o) ->
       printf("session  %d: the answer is older than what is booked: asks again\n", o);
       ses[o].recheck = 1;
       forget_answer(o)
     }
  :: d_step { /* it is or was there */
       ses[o].answered && ses[o].seen != v_none && is_fresh(o) ->
       printf("session  %d: the answer is status %d, executed %d of %d\n", o, ses[o].seen, ses[o].seen_cum, ses[o].seen_qty);
       ses[o].in_doubt = 0;
       /* First the executions (userTrades; read now, so there may be more than the query saw), each with its running
        * sum and the order's quantity of the query. */
       n = 1;
       do
       :: ven[o].cum > 0 && ses[o].seen_cum > 0 && n <= ven[o].cum ->
#ifdef PLANT_TRADES_WITHOUT_TERMS
          book_fill(o, n, 0, 0);
#else
          book_fill(o, n, ses[o].seen_qty, n);
#endif
          n++
       :: else -> break
       od;
       /* Then what it is now. */
       if
       :: ses[o].seen == v_canceled -> book(o, r_canceled, 0, 0, 0)
       :: ses[o].seen == v_expired -> book(o, r_expired, 0, 0, 0)
       :: else
       fi;
       if
       :: ses[o].seen == v_canceled || ses[o].seen == v_expired || ses[o].seen == v_filled ->
          ses[o].cancel_in_doubt = 0;
          ses[o].modify_in_doubt = 0
       :: else /* v_open */ ->
          if
          :: ses[o].modify_in_doubt && ses[o].seen_qty == MODQTY ->
             ses[o].modify_in_doubt = 0;
             book(o, r_modified, MODQTY, 0, 0)
          :: ses[o].modify_in_doubt && ses[o].seen_qty != MODQTY && ses[o].after_modify ->
             ses[o].modify_in_doubt = 0;
             book(o, r_modify_rejected, 0, 0, 0)
          :: else
          fi;
          if
          :: ses[o].cancel_in_doubt -> /* it did nothing so far: the engine may send it again */
             ses[o].cancel_in_doubt = 0;
             book(o, r_cancel_rejected, 0, 0, 0)
          :: else
          fi;
          book(o, r_snapshot, ses[o].seen_qty, ses[o].seen_cum, 0);
#ifndef PLANT_SUMS_MAY_DIFFER
          if
          :: eng[o].cum != ses[o].seen_cum -> ses[o].recheck = 1 /* older than an event, or trades came since: the engine could not settle by it */
          :: else
          fi
#else
          skip
#endif
#ifdef ORPHAN_RULE
          ;
          if
          :: is_closed(eng[o].status) && !ses[o].cancel_awaited -> /* ours, open, and closed for the engine: away with it */
             net[o].old_cancel = (net[o].cancel == flying -> 1 : net[o].old_cancel);
             net[o].cancel = flying;
             net[o].cancel_answer = a_none;
             ses[o].cancel_awaited = 1
          :: else
          fi
#endif
       fi;
       forget_answer(o)
     }
  od
}

/* ------------------------------------------------------------------------------------------------- Network */

/* Content of the events as of when they were made: trade n has sum n and the quantity of that moment. */
inline deliver(o, bit_) {
  printf("network  %d: user event %d arrives\n", o, bit_);
  ses[o].in_doubt = 0; /* whatever it says, the order is or was there */
  if
  :: bit_ == e_new -> book(o, r_accepted, QTY, 0, 0)
  :: bit_ == e_amend -> ses[o].overtaken = ses[o].asked; book(o, r_modified, MODQTY, 0, 0)
  :: bit_ == e_end && ven[o].status == v_canceled -> book(o, r_canceled, 0, 0, 0)
  :: bit_ == e_end && ven[o].status == v_expired -> book(o, r_expired, 0, 0, 0)
  :: else ->
     n = (bit_ == 2 -> 1 : (bit_ == 4 -> 2 : 3));
     was = ((net[o].at_mod >> n) & 1 -> MODQTY : QTY);
     book_fill(o, n, was, n)
  fi;
#ifdef ORPHAN_RULE
  if
  :: is_closed(eng[o].status) && (bit_ == e_new || bit_ == e_amend || bit_ < e_amend) -> ses[o].recheck = 1
  :: else
  fi;
#endif
  if
  :: bit_ == e_end && ven[o].cum != eng[o].cum -> ses[o].recheck = 1 /* its cumulative quantity says so */
  :: else
  fi
}

#define EVENT(bit_) \
  :: d_step { (net[o].events & bit_) && eng[o].status != initialized -> net[o].events = net[o].events - bit_; deliver(o, bit_) } \
  :: d_step { (net[o].events & bit_) && eng[o].status != initialized && doubles > 0 -> doubles--; deliver(o, bit_) } \
  :: d_step { (net[o].events & bit_) -> net[o].events = net[o].events - bit_; ses[o].recheck = 1; printf("network  %d: user event %d is lost\n", o, bit_) } /* lost: the next reconciliation is due after it */

proctype Network(byte o) {
end:
  do
  EVENT(e_new)
  EVENT(2)
#if QTY > 1 || MODIFIES
  EVENT(4)
#endif
#if QTY > 2 || (MODIFIES && MODQTY > 2)
  EVENT(8)
#endif
#if MODIFIES
  EVENT(e_amend)
#endif
  EVENT(e_end)
  /* Requests nobody waits for any more may never arrive. Those waited for are lost by the time-out in Session. */
  :: d_step { net[o].place == flying && !ses[o].place_awaited -> net[o].place = none; printf("network  %d: the place is lost on its way\n", o) }
  :: d_step { net[o].old_place -> net[o].old_place = 0; printf("network  %d: the first place is lost on its way\n", o) }
  :: d_step { net[o].cancel == flying && !ses[o].cancel_awaited -> net[o].cancel = none; printf("network  %d: the cancel is lost on its way\n", o) }
  :: d_step { net[o].old_cancel -> net[o].old_cancel = 0; printf("network  %d: the first cancel is lost on its way\n", o) }
#if MODIFIES
  :: d_step { net[o].modify == flying && !ses[o].modify_awaited -> net[o].modify = none; printf("network  %d: the modify is lost on its way\n", o) }
#endif
  od
}

/* --------------------------------------------------------------------------------------------------- Venue */

inline answer_place(o, what) {
  if
  :: ses[o].place_awaited -> net[o].place_answer = what
  :: else
  fi
}

inline execute_place(o) {
  printf("venue    %d: the backend executes a place\n", o);
  /* A client id is free again as soon as its order is closed: only an open one is refused as a duplicate. */
  assert(ven[o].status == v_none || ven[o].status == v_open); /* never two orders of one command */
  if
  :: ven[o].status == v_none ->
     ven[o].status = v_open;
     ven[o].qty = QTY;
     printf("venue    %d: the order stands\n", o);
     net[o].events = net[o].events | e_new
  :: else
  fi
}

inline execute_cancel(o) {
  ven[o].status = v_canceled;
  printf("venue    %d: the order is cancelled\n", o);
  net[o].events = net[o].events | e_end
}

proctype Venue(byte o) {
end:
  do
  /* --- place: the door */
  :: d_step { net[o].place == flying && net[o].window == runs -> net[o].place = inside; printf("venue    %d: the place is in time and goes to the backend\n", o) }
  :: d_step { net[o].place == flying && net[o].window != runs -> net[o].place = none; answer_place(o, a_refused); printf("venue    %d: the place is too late, -1021\n", o) }
  :: d_step { net[o].place == flying -> net[o].place = none; answer_place(o, a_resendable); printf("venue    %d: the place is turned away, 503 B, C or D\n", o) } /* 503 B, C, D: never processed */
  /* --- place: the backend */
  :: d_step {
       net[o].place == inside ->
       net[o].place = none;
       answer_place(o, (ven[o].status == v_open -> a_duplicate : a_ok));
       execute_place(o)
     }
  :: d_step { net[o].place == inside && ven[o].status == v_none -> net[o].place = none; answer_place(o, a_refused); printf("venue    %d: the order is refused\n", o) } /* -2019 and its like */
  :: d_step { /* 503 A, -1007: processed or not, nobody says; not yet, it may still be in the backend */
       net[o].place == inside && net[o].place_answer == a_none && losses > 0 && ses[o].place_awaited ->
       losses--;
       net[o].place_answer = a_unclear;
       printf("venue    %d: answers the place with 503 A or -1007 while its backend still has it\n", o)
     }
  :: d_step { net[o].place == inside && !ses[o].place_awaited -> net[o].place = none; printf("venue    %d: the backend drops the place\n", o) }
#ifdef PLANT_RESEND_AFTER_TIMEOUT
  :: d_step { net[o].old_place && net[o].window == runs -> net[o].old_place = 0; execute_place(o) }
#endif
  /* --- cancel */
  :: d_step {
       net[o].cancel == flying ->
       net[o].cancel = none;
       printf("venue    %d: takes the cancel\n", o);
       if
       :: ses[o].cancel_awaited -> net[o].cancel_answer = (ven[o].status == v_open -> a_ok : a_refused)
       :: else
       fi;
       if
       :: ven[o].status == v_open -> execute_cancel(o)
       :: else
       fi
     }
  :: d_step {
       net[o].old_cancel ->
       net[o].old_cancel = 0;
       printf("venue    %d: takes the first cancel\n", o);
       if
       :: ven[o].status == v_open -> execute_cancel(o)
       :: else
       fi
     }
#if MODIFIES
  /* --- modify; one that leaves nothing open cancels the order */
  :: d_step { net[o].modify == flying && net[o].modify_window == runs -> net[o].modify = inside; printf("venue    %d: the modify is in time and goes to the backend\n", o) }
  :: d_step {
       net[o].modify == flying && net[o].modify_window != runs ->
       net[o].modify = none;
       printf("venue    %d: the modify is too late\n", o);
       net[o].modify_answer = (ses[o].modify_awaited -> a_refused : a_none)
     }
  :: d_step {
       net[o].modify == inside ->
       net[o].modify = none;
       printf("venue    %d: takes the modify\n", o);
       net[o].modify_answer = (ses[o].modify_awaited -> (ven[o].status == v_open && MODQTY > ven[o].cum -> a_ok : a_refused) : a_none);
       if
       :: ven[o].status == v_open && MODQTY > ven[o].cum -> ven[o].qty = MODQTY; net[o].events = net[o].events | e_amend
       :: ven[o].status == v_open && MODQTY <= ven[o].cum -> execute_cancel(o)
       :: else
       fi
     }
#endif
  /* --- the market */
  :: d_step {
       ven[o].status == v_open && !ven[o].gone && ven[o].cum < ven[o].qty ->
       ven[o].cum++;
       printf("venue    %d: trade %d\n", o, ven[o].cum);
       net[o].events = net[o].events | (1 << ven[o].cum);
       if
       :: MODIFIES && ven[o].qty == MODQTY -> net[o].at_mod = net[o].at_mod | (1 << ven[o].cum)
       :: else
       fi;
       if
       :: ven[o].cum == ven[o].qty -> ven[o].status = v_filled
       :: else
       fi
     }
#ifdef EXPIRES
  :: d_step { ven[o].status == v_open && ven[o].gone -> ven[o].status = v_expired; printf("venue    %d: the order expires\n", o); net[o].events = net[o].events | e_end }
#endif
  od
}

/* Queries see what is visible. */
proctype Desk(byte o) {
end:
  do
  :: d_step {
       ses[o].asked && !ses[o].answered ->
       ses[o].answered = 1;
       printf("venue    %d: takes the query, status %d, visible %d\n", o, ven[o].status, ven[o].visible);
       if
       :: ven[o].visible ->
          ses[o].seen = ven[o].status;
          ses[o].seen_cum = ven[o].cum;
          ses[o].seen_qty = ven[o].qty
       :: else
       fi
     }
  od
}

/* --------------------------------------------------------------------------------------------------- Clock */

proctype Clock(byte o) {
end:
  do
  :: d_step { net[o].window == runs && net[o].place != queued -> net[o].window = shut; printf("clock    %d: recvWindow of the place is over\n", o) }
#ifdef SLOW_BACKEND /* no bound on how long the backend keeps what the door let in */
  :: d_step { net[o].window == shut && (ven[o].status == v_none || ven[o].visible) -> net[o].window = passed; printf("clock    %d: and so is the margin\n", o) }
#else
  :: d_step {
       net[o].window == shut && net[o].place != inside && (ven[o].status == v_none || ven[o].visible) ->
       net[o].window = passed;
       printf("clock    %d: and so is the margin\n", o)
     }
#endif
  :: d_step { ven[o].status != v_none && !ven[o].visible -> ven[o].visible = 1; printf("clock    %d: the order is visible to queries\n", o) }
#if MODIFIES
  :: d_step { net[o].modify_window == runs -> net[o].modify_window = shut; printf("clock    %d: recvWindow of the modify is over\n", o) }
  :: d_step { net[o].modify_window == shut && net[o].modify != inside -> net[o].modify_window = passed; printf("clock    %d: and so is its margin\n", o) }
#endif
  :: d_step { ven[o].status == v_open && !ven[o].gone -> ven[o].gone = 1; printf("clock    %d: the market moves away\n", o) }
  od
}

/* --------------------------------------------------------------------------------------------------- Power */

/* What a restart knows: the journal. The window of a place is counted from the restart, since the journal does not say
 * when, or whether, the limiter let it go. */
inline restart(o) {
  printf("power    %d: crash; the journal gives status %d, executed %d\n", o, eng[o].status, eng[o].cum);
  net[o].events = 0; /* of the old socket */
  net[o].place_answer = a_none;
  net[o].cancel_answer = a_none;
  net[o].modify_answer = a_none;
  if
  :: net[o].place == queued -> net[o].place = none
  :: else
  fi;
  if
  :: eng[o].status != initialized && net[o].window == unsigned_yet -> net[o].window = runs
  :: else
  fi;
  ses[o].in_doubt = (is_open(eng[o].status) && eng[o].beneath == submitted);
  ses[o].cancel_in_doubt = (is_open(eng[o].status) && eng[o].cancel);
  ses[o].modify_in_doubt = (is_open(eng[o].status) && eng[o].modify);
  ses[o].recheck = (eng[o].status != initialized);
  ses[o].place_awaited = 0;
  ses[o].cancel_awaited = 0;
  ses[o].modify_awaited = 0;
  ses[o].tries = 0;
  forget_answer(o)
}

proctype Power() {
  byte o;
end:
  do
  :: d_step { /* everything journaled was durable */
       crashes > 0 ->
       crashes--;
       o = 0;
       do
       :: o < ORDERS -> restart(o); o++
       :: else -> break
       od;
       o = 0
     }
  :: d_step { /* what came after the last command was not */
       crashes > 0 ->
       crashes--;
       o = 0;
       do
       :: o < ORDERS ->
          copy_order(eng[o], disk[o]); /* with its losses */
          restart(o);
          o++
       :: else -> break
       od;
       o = 0
     }
  od
}

/* --------------------------------------------------------------------------------------------------- Judge */

#ifdef ORPHAN_RULE /* an order believed absent that came after all: cancelled, its executions booked */
#define is_orphan_end(o) (ven[o].status != v_open && eng[o].status == rejected)
#else
#define is_orphan_end(o) false
#endif
#define is_same_end(o) \
  ((ven[o].status == v_none && (eng[o].status == rejected || eng[o].status == initialized)) || \
   (ven[o].status == v_open && (eng[o].status == accepted || eng[o].status == partially_filled)) || \
   (ven[o].status == v_filled && eng[o].status == filled) || \
   (ven[o].status == v_canceled && eng[o].status == canceled) || \
   (ven[o].status == v_expired && eng[o].status == expired) || is_orphan_end(o))
#define is_same_qty(o) (eng[o].cum == ven[o].cum && (ven[o].status != v_open || eng[o].qty == ven[o].qty))
#define is_quiet(o) (!in_any_doubt(o) && !ses[o].recheck && !ses[o].asked && !ses[o].place_awaited && \
                     !ses[o].cancel_awaited && !ses[o].modify_awaited && net[o].events == 0)
#define is_wish_met(o) (!eng[o].wish || is_closed(eng[o].status))
#define is_settled(o) (is_same_end(o) && is_same_qty(o) && is_quiet(o) && is_wish_met(o))

#ifdef LIVE
#if ORDERS > 1
#define all_settled (is_settled(0) && is_settled(1))
#else
#define all_settled (is_settled(0))
#endif
/* Faults are bounded, so in the end both sides agree and stay so. */
ltl settles { <>[] all_settled }
#else
proctype Judge() {
  byte o;
end:
  timeout ->
  d_step {
    do
    :: o < ORDERS ->
       assert(eng[o].cum == ven[o].cum); /* no execution lost or booked twice: positions are equal */
       assert(ven[o].status == v_open || !is_open(eng[o].status)); /* nothing open here that is closed there */
       assert(ven[o].status != v_open || is_open(eng[o].status));  /* nothing stands there that is closed here: forgotten */
       assert(eng[o].status != unknown && is_quiet(o));            /* no fate is left open */
       assert(is_wish_met(o));                                     /* a wish to cancel ends in a closed order */
       assert(is_same_end(o) && is_same_qty(o));                   /* and status and terms are the venue's */
       o++
    :: else -> break
    od
  }
}
#endif

init {
  byte o;
  atomic {
    do
    :: o < ORDERS ->
       run Strategy(o);
       run Session(o);
       run Inquiry(o);
       run Network(o);
       run Venue(o);
       run Desk(o);
       run Clock(o);
       o++
    :: else -> break
    od;
    run Power();
#ifndef LIVE
    run Judge();
#endif
    o = 0
  }
}
