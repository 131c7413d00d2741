// Letters in the queue that turn out to be for here: those that their sender scheduled (RFC 4865), when their
// time has come. All others go to the courier behind this one.
//
// Lives on its loop, like any courier.
#pragma once

#include <string>

#include "delivery/door.h"
#include "delivery/router.h"
#include "queue/courier.h"

namespace pabal::delivery {

class HomeCourier final : public queue::Courier {
 public:
  /// All of it outlives the courier.
  HomeCourier(queue::Courier& outside, Router& router, Door& door, std::string host_name)
      : outside_(outside), router_(router), door_(door), host_name_(std::move(host_name)) {}

  net::Task<queue::ErrandReport> carry(queue::Errand errand) override;
  net::Task<void> rest() override { return outside_.rest(); }

 private:
  net::Task<queue::ErrandReport> bring_home(queue::Errand errand);
  queue::RecipientResult result_of(smtp::Reply reply) const;

  queue::Courier& outside_;
  Router& router_;
  Door& door_;
  const std::string host_name_;
};

}  // namespace pabal::delivery
