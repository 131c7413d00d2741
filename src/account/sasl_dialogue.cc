#include "account/sasl_dialogue.h"

#include "base/encoding.h"

namespace pabal::account {

net::Task<Result<SaslOutcome>> speak_sasl(net::Connection& connection, LoginExchange& exchange,
                                          std::optional<std::string> initial_response,
                                          std::chrono::nanoseconds patience) {
  const net::LineLimits limits{
      .max_bytes = 2 * kMaxSaslResponseBytes, .accept_bare_lf = true, .accept_bare_cr = true};
  LoginExchange::Step step = co_await exchange.start(std::move(initial_response));
  while (const auto* const challenge = std::get_if<SaslChallenge>(&step)) {
    const net::Deadline deadline = connection.loop().in(patience);
    const std::string line = fmt::format("+ {}\r\n", to_base64(challenge->text));
    PABAL_CO_TRY_VOID(co_await connection.write(line, deadline));
    const auto response = co_await connection.read_line(limits, deadline);
    if (!response && response.error().kind == ErrorKind::kOverLimit)
      co_return SaslBrokenOff{"That is too long for a response"};
    if (!response) co_return std::unexpected(response.error());
    if (*response == "*") co_return SaslBrokenOff{"As you wish"};
    auto decoded = from_base64(*response);
    if (!decoded) co_return SaslBrokenOff{"That is not base64"};
    step = co_await exchange.step(*std::move(decoded));
  }
  if (auto* const login = std::get_if<Login>(&step)) co_return std::move(*login);
  co_return std::get<LoginRefused>(std::move(step));
}

}  // namespace pabal::account
