// Push by EventSource (RFC 8620 §7.3): a StateChange as soon as the account's log goes on, and a ping in
// between. A listener that waits holds its place in the log and nothing else.
#include <algorithm>
#include <charconv>

#include "http/event_stream.h"
#include "jmap/door.h"
#include "jmap/ids.h"
#include "jmap/json_writer.h"

namespace pabal::jmap {
namespace {

constexpr std::string_view kTypes[] = {"Email", "EmailDelivery", "Mailbox", "Thread"};

struct Wish {
  std::vector<std::string_view> types;
  bool close_after_state = false;
  std::optional<std::chrono::seconds> ping = {};  ///< nothing: none
};

std::optional<Wish> read_wish(const http::Request& request, const DoorOptions& options) {
  Wish out;
  const std::string types = request.query_parameter("types").value_or("*");
  for (const std::string_view type : kTypes) {
    std::string_view rest = types;
    while (!rest.empty()) {
      const std::string_view name = rest.substr(0, rest.find(','));
      rest.remove_prefix(std::min(rest.size(), name.size() + 1));
      if (name != type && name != "*") continue;
      out.types.push_back(type);
      break;
    }
  }
  const std::string close = request.query_parameter("closeafter").value_or("no");
  if (close != "no" && close != "state") return {};
  out.close_after_state = close == "state";
  const auto ping = request.query_parameter("ping");
  if (!ping) {
    out.ping = options.default_ping;
    return out;
  }
  std::uint32_t seconds = 0;
  const auto end = std::from_chars(ping->data(), ping->data() + ping->size(), seconds);
  if (end.ec != std::errc() || end.ptr != ping->data() + ping->size()) return {};
  if (seconds > 0) out.ping = std::max(std::chrono::seconds(seconds), options.shortest_ping);
  return out;
}

/// Where the account stands, as the types have it.
struct States {
  mailbox::ModSeq changed;
  mailbox::LetterId delivered;  ///< the last letter that came: EmailDelivery (RFC 8621 §1.5)
  bool operator==(const States&) const = default;
};

std::string state_change(const Caller& caller, const Wish& wish, const States& before, const States& now) {
  std::string text;
  JsonWriter out(text);
  out.begin_object().key("@type").text("StateChange").key("changed").begin_object();
  out.key(account_id(caller.account)).begin_object();
  bool any = false;
  for (const std::string_view type : wish.types) {
    const bool is_delivery = type == "EmailDelivery";
    if (is_delivery ? before.delivered == now.delivered : before.changed == now.changed) continue;
    out.key(type).text(is_delivery ? email_id(now.delivered) : state_of(now.changed));
    any = true;
  }
  out.end_object().end_object().end_object();
  return any ? text : std::string();
}

}  // namespace

net::Task<Result<void>> Door::serve_events(http::Exchange& exchange, const Caller& caller) {
  const auto wish = read_wish(exchange.request(), options_);
  if (!wish)
    co_return co_await exchange.respond(
        http::problem(http::Status::kBadRequest, "closeafter is no or state, and ping a number of seconds"));
  const detail::Turns::Turn turn(event_streams_, caller.account, options_.max_event_streams);
  if (!turn)
    co_return co_await exchange.respond(
        http::problem(http::Status::kTooManyRequests, "Too many event streams"));

  mailbox::Mailboxes& mailboxes = api_.services().mailboxes;
  const auto watch = mailboxes.watch(caller.account);
  const auto look = [&]() -> net::Task<Result<States>> {
    PABAL_CO_TRY(const mailbox::ModSeq changed, co_await mailboxes.sync(caller.account));
    PABAL_CO_TRY(const mailbox::Counters counters, co_await mailboxes.load_counters(caller.account));
    co_return States{changed, counters.last_letter};
  };
  PABAL_CO_TRY(States told, co_await look());
  http::EventStream stream(exchange);
  PABAL_CO_TRY_VOID(co_await stream.begin(std::chrono::seconds(3)));
  // Whoever comes back tells what it heard last.
  const auto last = parse_state(exchange.request().find("last-event-id").value_or(""));
  bool first = last && *last != told.changed;
  const States before{first ? *last : told.changed, first ? mailbox::LetterId() : told.delivered};
  const net::Context context = co_await net::current_context();
  const net::Context waiting{context.loop, &exchange.until()};
  for (States known = before;;) {
    if (!first) {
      const net::Deadline deadline = wish->ping ? context.loop->in(*wish->ping) : net::Deadline::never();
      const auto woken = co_await net::with_deadline(deadline, watch->changed()).in(waiting);
      if (!woken && woken.error().kind != ErrorKind::kDeadline) co_return co_await stream.end();
      if (!woken) {
        PABAL_CO_TRY_VOID(
            co_await stream.send("ping", fmt::format("{{\"interval\":{}}}", wish->ping->count())));
        continue;
      }
      PABAL_CO_TRY(told, co_await look());
    }
    first = false;
    const std::string news = state_change(caller, *wish, known, told);
    known = told;
    if (news.empty()) continue;
    PABAL_CO_TRY_VOID(co_await stream.send("state", news, state_of(told.changed)));
    if (wish->close_after_state) co_return co_await stream.end();
  }
}

}  // namespace pabal::jmap
