// The way of a letter, built in order: the door, behind it mailboxes and queue, and a courier on each loop
// that carries on what is not for here.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "account/authenticator.h"
#include "app/config.h"
#include "app/core.h"
#include "base/log.h"
#include "base/metrics.h"
#include "base/rate_limit.h"
#include "delivery/door.h"
#include "delivery/home_courier.h"
#include "delivery/router.h"
#include "delivery/sent_again.h"
#include "delivery/smtp_handler.h"
#include "net/dns.h"
#include "net/server_loops.h"
#include "net/tls.h"
#include "queue/queue.h"
#include "queue/smtp_courier.h"

namespace pabal::app {

class MailSystem final : private queue::Intake {
 public:
  /// All of it outlives the mail system.
  struct Parts {
    Core& core;
    account::Authenticator& authenticator;
    net::ServerLoops& loops;
    net::WorkerPool& workers;
    const Clock& clock;
    Random& random;
    Metrics& metrics;
    Logger log;
  };
  /// Reads what the configuration names: a zone, routes, trusted roots.
  static Result<std::unique_ptr<MailSystem>> build(const Config& config, std::string host_name, Parts parts);
  ~MailSystem() override;

  delivery::SmtpServices& smtp() { return smtp_; }
  queue::QueueAdmin& queue() { return *queue_; }
  delivery::Router& router() { return router_; }
  delivery::Door& door() { return door_; }

  /// One loop's part of the queue at work, until cancelled. On that loop.
  net::Task<void> run(std::size_t loop);

 private:
  MailSystem(const Config& config, std::string host_name, Parts parts,
             std::unique_ptr<net::Resolver> resolver, std::unique_ptr<net::TlsClient> tls,
             std::shared_ptr<const queue::Routes> routes);

  // The door needs the queue, whose reports go through the door.
  net::Task<Result<queue::Added>> add(queue::Submission submission) override {
    return queue_->add(std::move(submission));
  }

  const Parts parts_;
  const std::unique_ptr<net::Resolver> resolver_;
  const std::unique_ptr<net::TlsClient> tls_;
  delivery::Router router_;
  delivery::Door door_;
  queue::QueueMetrics queue_metrics_;
  std::vector<std::unique_ptr<queue::SmtpCourier>> outside_couriers_;  // by loop
  std::vector<std::unique_ptr<delivery::HomeCourier>> couriers_;       // in front of them
  std::unique_ptr<queue::Queue> queue_;
  delivery::SentAgain sent_again_;
  RateLimiter letters_by_network_;
  RateLimiter recipients_by_account_;
  delivery::SmtpServices smtp_;
};

}  // namespace pabal::app
