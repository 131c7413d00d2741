// The hosts that the server relays to: one SMTP server within the harness, which writes down what it
// received. It takes most letters, puts some recipients off once, refuses others for good. On the harness'
// loop.
#pragma once

#include <functional>
#include <memory>
#include <set>

#include "net/listener.h"
#include "net/loop.h"
#include "smtp/server_options.h"
#include "smtp_ledger.h"

namespace pabal::crash {

class Sink {
 public:
  /// `current_life` tells which life of the server a letter comes from.
  static Result<std::unique_ptr<Sink>> open(net::Loop& loop, Ledger& ledger,
                                            std::function<std::uint64_t()> current_life);
  /// Before it goes.
  net::Task<void> close();

  /// Until all sessions have ended: what a killed server wrote last is still read, and counts for its life.
  net::Task<Result<void>> wait_until_alone() const;

  std::uint16_t port() const { return listener_->local().tcp()->port; }

 private:
  class Handler;
  class Body;

  Sink(net::Loop& loop, Ledger& ledger, std::function<std::uint64_t()> current_life);
  net::Task<void> serve(std::unique_ptr<net::Stream> stream);
  void receive(const std::vector<std::string>& recipients, std::string_view text);
  bool put_off(const std::string& recipient) { return put_off_.insert(recipient).second; }

  net::Loop& loop_;
  Ledger& ledger_;
  const std::function<std::uint64_t()> current_life_;
  const smtp::ServerOptions options_;
  std::set<std::string> put_off_;  // once already
  std::unique_ptr<net::Listener> listener_;
};

}  // namespace pabal::crash
