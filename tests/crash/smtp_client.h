// A mail server that sends to ours, letter after letter, as RFC 5321 §4.5.4.1 asks: what was not answered
// with 250 is sent again, with the same bytes, until it is; and a host that does not answer is called again.
// On the harness' loop.
#pragma once

#include "net/connection.h"
#include "net/endpoint.h"
#include "net/signal.h"
#include "smtp/reply.h"
#include "smtp_ledger.h"

namespace pabal::crash {

/// What all clients share.
struct Traffic {
  Ledger& ledger;
  net::Endpoint server;
  std::uint64_t greetings = 0;  ///< how often the server said 220
  net::Signal greeted;
  bool finish = false;  ///< no new letters
};

class Client {
 public:
  explicit Client(Traffic& traffic) : traffic_(traffic) {}

  /// Until the traffic is to finish and this client's last letter is answered; or the server refuses one for
  /// good, which is a fault.
  net::Task<void> run();

 private:
  net::Task<Result<void>> hold_session();
  net::Task<Result<void>> send_letter(net::Connection& connection);
  net::Task<Result<void>> expect(net::Connection& connection, int code);
  bool take_letter();

  Traffic& traffic_;
  Letter* letter_ = nullptr;  // not answered yet
};

}  // namespace pabal::crash
