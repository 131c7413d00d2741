#include "delivery/home_courier.h"

namespace pabal::delivery {

net::Task<queue::ErrandReport> HomeCourier::carry(queue::Errand errand) {
  const auto is_ours = co_await router_.is_ours(errand.domain);
  if (is_ours && !*is_ours) co_return co_await outside_.carry(errand);
  if (is_ours) co_return co_await bring_home(errand);
  queue::ErrandReport later;
  const smtp::Reply reply{451, smtp::status::kTrySystemLater, "The directory can't be asked now"};
  later.recipients.assign(errand.recipients.size(), result_of(reply));
  co_return later;
}

net::Task<queue::ErrandReport> HomeCourier::bring_home(queue::Errand errand) {
  const queue::Letter& letter = errand.letter;
  Incoming incoming;
  incoming.id = letter.id;
  incoming.origin = Origin::ours();
  incoming.sender = letter.sender;
  incoming.parameters.body = letter.body;
  incoming.parameters.smtputf8 = letter.smtputf8;
  incoming.parameters.ret = letter.ret;
  incoming.parameters.envid = letter.envid;
  incoming.blob = {.id = letter.blob, .size_bytes = letter.blob_bytes, .bytes = nullptr};
  incoming.header.message_id = letter.message_id;
  incoming.trace = letter.preamble;
  incoming.was_held = letter.hold;
  incoming.began = incoming.arrived = letter.accepted;

  // Judged once more: much may have changed since the letter came in.
  std::vector<smtp::Reply> replies(errand.recipients.size());
  std::vector<std::size_t> taken;
  std::string what = "home/" + letter.id.to_string();
  for (std::size_t i = 0; i < errand.recipients.size(); ++i) {
    const queue::Recipient& recipient = errand.recipients[i];
    auto route = co_await router_.route(recipient.address, Origin::ours());
    if (!route) {
      replies[i] = std::move(route).error();
      continue;
    }
    route->parameters = recipient.parameters;
    incoming.recipients.push_back(*std::move(route));
    taken.push_back(i);
    what += "/" + recipient.address.key();
  }
  if (!taken.empty()) {
    incoming.token = journey::make_resend_token(what);
    std::vector<smtp::Reply> ends = co_await door_.take(std::move(incoming));
    for (std::size_t i = 0; i < taken.size(); ++i) replies[taken[i]] = std::move(ends[i]);
  }
  queue::ErrandReport report;
  for (smtp::Reply& reply : replies) report.recipients.push_back(result_of(std::move(reply)));
  co_return report;
}

queue::RecipientResult HomeCourier::result_of(smtp::Reply reply) const {
  using Fate = queue::RecipientResult::Fate;
  queue::RecipientResult result;
  result.fate = reply.accepted()           ? Fate::kRelayed
                : reply.refused_for_good() ? Fate::kFailed
                                           : Fate::kDeferred;
  result.host = host_name_;
  result.status = reply.enhanced.value_or(smtp::EnhancedCode());
  result.reason = reply.text;
  result.reports_itself = true;  // the door tells who asked
  result.reply = std::move(reply);
  return result;
}

}  // namespace pabal::delivery
