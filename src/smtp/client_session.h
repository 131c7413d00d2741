// The client's side of SMTP and LMTP, over a connection that is open: greeting, EHLO or HELO, STARTTLS, a
// login, then letters one after the other. Which host, which letter, and what to do after a failure are the
// caller's questions (queue's courier); this answers with the peer's own words, classed by failure.h.
//
//     ClientSession session(connection, options);
//     if (auto open = co_await session.open(); !open) ...            // open.error() is a Failure
//     if (auto obstacle = session.find_obstacle(envelope)) ...       // convert, or bounce
//     LetterOutcome outcome = co_await session.send(envelope, letter);
//     ... another send() while session.usable() ...
//     co_await session.quit();
//
// One coroutine at a time, on the connection's loop. Every wait has its deadline of RFC 5321 §4.5.3.2. A
// letter is read from its source in pieces and never held whole.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "account/address.h"
#include "net/connection.h"
#include "net/tls.h"
#include "smtp/dialogue.h"
#include "smtp/extensions.h"
#include "smtp/failure.h"
#include "smtp/letter_codec.h"
#include "smtp/parameters.h"
#include "smtp/sasl_client.h"

namespace pabal::smtp {

/// RFC 5321 §4.5.3.2.
struct ClientDeadlines {
  std::chrono::seconds greeting{300};
  std::chrono::seconds command{300};     ///< EHLO, MAIL, RCPT, AUTH, RSET
  std::chrono::seconds data_start{120};  ///< until 354
  std::chrono::seconds data_block{180};  ///< until the peer takes a piece of the letter
  std::chrono::seconds data_end{600};    ///< until the reply to the letter
  std::chrono::seconds tls{60};
  std::chrono::seconds quit{5};  ///< a courtesy: not worth more
};

enum class ClientTls : std::uint8_t {
  kNever,
  kOpportunistic,  ///< if offered; a handshake that fails says retry_in_clear (RFC 7435)
  kRequired,       ///< else no letter; how the certificate is judged is in tls_options
};

struct ClientOptions {
  std::string host_name = "localhost";  ///< what we call ourselves: a domain, or an address literal
  bool lmtp = false;
  ClientTls tls_policy = ClientTls::kOpportunistic;
  net::TlsClient* tls = nullptr;  ///< must outlive the session; none: as kNever
  net::TlsClientOptions tls_options = {};
  bool use_chunking = true;
  ClientDeadlines deadlines = {};
  Dialogue* dialogue = nullptr;
};

struct ClientRecipient {
  account::Address address;
  RcptParameters parameters;
};

struct ClientEnvelope {
  std::optional<account::Address> from;  ///< nothing: the null path of a bounce
  MailParameters parameters;             ///< body, smtputf8 and size as the letter has them
  std::vector<ClientRecipient> to;       ///< at least one
};

/// The letter's bytes. An empty piece is the end; a piece holds until the next call.
class LetterSource {
 public:
  virtual ~LetterSource() = default;
  virtual net::Task<Result<std::string_view>> next() = 0;
};

/// What the peer lacks for a letter, known before a byte of it is sent.
enum class Obstacle : std::uint8_t {
  kNoEightBitMime,  ///< convert the letter's 8-bit parts (RFC 6152 §3), then send it as 7BIT
  kNoBinaryMime,    ///< convert the binary parts (RFC 3030 §3)
  kNoSmtpUtf8,      ///< bounce: 5.6.7 (RFC 6531 §3.5)
  kTooBig,          ///< bounce: 5.3.4 (RFC 1870 §6.1)
  kNoRequireTls,    ///< another host, or bounce: 5.7.30 (RFC 8689 §4.2.1)
  kNoHold,          ///< hold it ourselves, or refuse (RFC 4865 §4.1)
};
/// As a failure of the message, with the enhanced code for a bounce.
Failure failure_for(Obstacle obstacle);

struct RecipientOutcome {
  bool accepted = false;           ///< the peer has taken the letter for this recipient
  Reply reply;                     ///< the last that concerned it: to RCPT, or to the letter
  std::optional<Failure> failure;  ///< if not accepted
};

struct LetterOutcome {
  std::vector<RecipientOutcome> recipients;  ///< in the envelope's order
  std::uint64_t sent_bytes = 0;              ///< of the letter, on the wire
  /// Line ends had to be mended, so that signatures over the body may not hold any more.
  bool mended = false;
};

class ClientSession {
 public:
  template <class T>
  using Attempt = net::Task<std::expected<T, Failure>>;

  /// Connection and options' parts must outlive the session.
  ClientSession(net::Connection& connection, ClientOptions options);

  /// Greeting, EHLO (else HELO), STARTTLS and EHLO again, as the policy says.
  Attempt<void> open();
  Attempt<void> log_in(SaslClientOptions credentials, Random& random, net::WorkerPool* pool = nullptr);

  std::optional<Obstacle> find_obstacle(const ClientEnvelope& envelope) const;
  /// One transaction. An envelope that has an obstacle is not sent. A transaction left unfinished before is
  /// reset first.
  net::Task<LetterOutcome> send(const ClientEnvelope& envelope, LetterSource& letter);
  /// Whether an idle connection looks alive, without waiting: a peer that closed it, or says so just now, is
  /// found out before a letter depends on it.
  bool still_open() const { return usable_ && connection_.is_quiet(); }
  /// Proves that an idle connection is alive.
  Attempt<void> probe();
  /// Says goodbye, if that is possible, and closes.
  net::Task<void> quit();

  /// False once the connection broke or the peer said 421: connect anew.
  bool usable() const { return usable_; }
  const PeerExtensions& extensions() const { return extensions_; }
  const Reply& greeting() const { return greeting_; }

 private:
  class Transaction;

  net::Deadline in(std::chrono::seconds span) const { return connection_.loop().in(span); }
  /// Bytes to the peer; `shown` is what the dialogue sees of them.
  net::Task<Result<void>> say(std::string line, std::string_view shown = {});
  net::Task<Result<Reply>> hear(net::Deadline deadline);
  Attempt<Reply> ask(Stage stage, std::string line, std::chrono::seconds patience,
                     std::string_view shown = {});
  Failure broke(Stage stage, const Error& error);

  Attempt<void> greet();
  Attempt<void> hello();
  Attempt<void> encrypt();
  Attempt<void> exchange_login(SaslClient& sasl);

  net::Connection& connection_;
  ClientOptions options_;
  PeerExtensions extensions_;
  Reply greeting_;
  bool usable_ = true;
  bool transaction_open_ = false;
};

}  // namespace pabal::smtp
