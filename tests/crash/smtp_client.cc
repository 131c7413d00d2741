#include "smtp_client.h"

#include "net/dialer.h"

namespace pabal::crash {

using net::Task;

namespace {

constexpr std::chrono::seconds kPatience{60};
// Between two calls to a host that is down.
constexpr std::chrono::milliseconds kRedial{5};

}  // namespace

bool Client::take_letter() {
  if (!letter_ && !traffic_.finish) letter_ = &traffic_.ledger.write();
  return letter_ != nullptr;
}

Task<void> Client::run() {
  const net::Context context = co_await net::current_context();
  while (take_letter()) {
    const auto held = co_await hold_session();
    if (held) continue;
    if (held.error().kind == ErrorKind::kRefuse || held.error().kind == ErrorKind::kDeadline) {
      traffic_.ledger.faults.push_back(fmt::format("letter {}: {}", letter_->number, held.error().detail));
      co_return;
    }
    if (!co_await net::sleep_until(context.loop->in(kRedial))) co_return;
  }
}

Task<Result<void>> Client::hold_session() {
  const net::Context context = co_await net::current_context();
  auto stream = co_await net::connect(traffic_.server, context.loop->in(kPatience));
  if (!stream) co_return fail(ErrorKind::kRetryLater, "{}", stream.error().detail);
  net::Connection connection(*context.loop, *std::move(stream));
  PABAL_CO_TRY_VOID(co_await expect(connection, 220));
  ++traffic_.greetings;
  traffic_.greeted.notify_all();
  PABAL_CO_TRY_VOID(co_await connection.write("EHLO client.example\r\n", context.loop->in(kPatience)));
  PABAL_CO_TRY_VOID(co_await expect(connection, 250));
  while (take_letter()) PABAL_CO_TRY_VOID(co_await send_letter(connection));
  PABAL_CO_TRY_VOID(co_await connection.write("QUIT\r\n", context.loop->in(kPatience)));
  (void)co_await expect(connection, 221);  // all is done; a server killed here has taken nothing with it
  co_return Result<void>();
}

Task<Result<void>> Client::send_letter(net::Connection& connection) {
  const net::Deadline deadline = connection.loop().in(kPatience);
  Letter& letter = *letter_;
  std::string commands = fmt::format("MAIL FROM:<{}>\r\n", kSender);
  for (const std::string_view each : letter.local) commands += fmt::format("RCPT TO:<{}>\r\n", each);
  for (const std::string& each : letter.remote) commands += fmt::format("RCPT TO:<{}>\r\n", each);
  commands += "DATA\r\n";
  PABAL_CO_TRY_VOID(co_await connection.write(commands, deadline));
  for (std::size_t left = 1 + letter.local.size() + letter.remote.size(); left > 0; --left)
    PABAL_CO_TRY_VOID(co_await expect(connection, 250));
  PABAL_CO_TRY_VOID(co_await expect(connection, 354));
  const std::string text = traffic_.ledger.text_of(letter) + ".\r\n";
  PABAL_CO_TRY_VOID(co_await connection.write(text, deadline));
  PABAL_CO_TRY_VOID(co_await connection.flush(deadline));
  if (++letter.sendings > 1) ++traffic_.ledger.sent_again;
  if (std::exchange(letter.hang_up, false)) co_return fail(ErrorKind::kClose, "the client hung up");
  PABAL_CO_TRY_VOID(co_await expect(connection, 250));
  letter.answered = true;
  ++traffic_.ledger.answers;
  letter_ = nullptr;
  co_return Result<void>();
}

Task<Result<void>> Client::expect(net::Connection& connection, int code) {
  smtp::ReplyParser parser;
  for (;;) {
    PABAL_CO_TRY(const std::string_view line,
                 co_await connection.read_line({}, connection.loop().in(kPatience)));
    PABAL_CO_TRY(const bool whole, parser.add_line(line));
    if (whole) break;
  }
  const smtp::Reply reply = parser.take();
  if (reply.code == code) co_return Result<void>();
  if (!reply.refused_for_now())
    co_return fail(ErrorKind::kRefuse, "{} was expected, and '{}' came", code, reply.to_string());
  ++traffic_.ledger.put_off;
  co_return fail(ErrorKind::kRetryLater, "{}", reply.to_string());
}

}  // namespace pabal::crash
