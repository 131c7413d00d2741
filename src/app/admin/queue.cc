// pabal queue ...
#include "app/admin/tables.h"
#include "app/admin/views.h"
#include "app/units.h"
#include "queue/queue_admin.h"

namespace pabal::app {
namespace {

using net::Task;
using queue::QueueChange;
using queue::QueueChanged;
using queue::QueueFilter;
using queue::QueueItem;

constexpr std::string_view kAll = "all";

Result<queue::QueueAdmin*> require_queue(const AdminServices& services) {
  if (!services.queue) return fail(ErrorKind::kRefuse, "only a running server has a queue");
  return services.queue;
}

Result<journey::JourneyId> parse_id(const std::string& text) {
  const auto id = journey::JourneyId::parse(text);
  if (!id) return fail(ErrorKind::kRefuse, "'{}' is no letter's id; 'pabal queue list' shows them", text);
  return *id;
}

Result<QueueFilter> parse_filter(const Params& params) {
  QueueFilter filter;
  if (params.text("sender") == "<>") {
    filter.sender = "<>";
  } else if (params.has("sender")) {
    PABAL_TRY(const account::Address sender, account::Address::parse(params.text("sender")));
    filter.sender = sender.key();
  }
  if (params.has("recipient")) {
    PABAL_TRY(const account::Address recipient, params.address("recipient"));
    filter.recipient = recipient.key();
  }
  if (params.has("domain")) {
    PABAL_TRY(filter.domain, params.domain("domain"));
  }
  if (params.has("older_than")) {
    PABAL_TRY(const auto age, parse_duration(params.text("older_than")));
    filter.older_than = std::chrono::floor<std::chrono::seconds>(age);
  }
  filter.held = params.flag("held");
  return filter;
}

/// The filter of a command whose first argument is an id or "all".
Result<QueueFilter> parse_letters(const Params& params) {
  PABAL_TRY(QueueFilter filter, parse_filter(params));
  if (params.text("letters") != kAll) {
    PABAL_TRY(filter.id, parse_id(params.text("letters")));
  }
  return filter;
}

Json to_json(const QueueItem& item) {
  Json recipients = Json::array();
  for (const std::string& recipient : item.recipients) recipients.push(recipient);
  return Json::object({{"id", item.id.to_string()},
                       {"sender", item.sender},
                       {"domain", item.domain},
                       {"recipients", std::move(recipients)},
                       {"message_id", item.message_id},
                       {"size", item.size_bytes},
                       {"accepted", to_text(item.accepted)},
                       {"attempts", item.attempts},
                       {"held", item.held},
                       {"next_try", item.next_try ? Json(to_text(*item.next_try)) : Json()},
                       {"reason", item.reason}});
}

class ItemsToReply final : public queue::QueueItemSink {
 public:
  explicit ItemsToReply(Reply& reply) : reply_(reply) {}
  Task<Result<void>> item(QueueItem item) override {
    ++count;
    recipients += item.recipients.size();
    co_return co_await reply_.item(to_json(item));
  }
  std::size_t count = 0;
  std::size_t recipients = 0;

 private:
  Reply& reply_;
};

Task<Result<Json>> list_queue(AdminServices& services, const Params& params, Reply& reply) {
  PABAL_CO_TRY(queue::QueueAdmin * queue, require_queue(services));
  PABAL_CO_TRY(QueueFilter filter, parse_filter(params));
  ItemsToReply items(reply);
  PABAL_CO_TRY_VOID(co_await queue->list(std::move(filter), items));
  co_return Json::object({{"count", items.count}, {"recipients", items.recipients}});
}

Task<Result<Json>> show_letter(AdminServices& services, const Params& params, Reply& reply) {
  PABAL_CO_TRY(queue::QueueAdmin * queue, require_queue(services));
  PABAL_CO_TRY(const journey::JourneyId id, parse_id(params.text("letter")));
  ItemsToReply items(reply);
  PABAL_CO_TRY_VOID(co_await queue->list({.id = id}, items));
  if (items.count == 0) {
    co_return fail(ErrorKind::kRefuse, "letter {} is not in the queue; 'pabal journey show {}' tells why",
                   id.to_string(), id.to_string());
  }
  co_return Json::object({{"count", items.count}});
}

Task<Result<Json>> show_domains(AdminServices& services, const Params&, Reply& reply) {
  PABAL_CO_TRY(queue::QueueAdmin * queue, require_queue(services));
  PABAL_CO_TRY(const auto domains, co_await queue->statistics());
  for (const queue::DomainStatistics& domain : domains) {
    PABAL_CO_TRY_VOID(co_await reply.item(
        Json::object({{"domain", domain.domain},
                      {"letters", domain.letters},
                      {"recipients", domain.recipients},
                      {"held", domain.held},
                      {"oldest", domain.oldest ? Json(to_text(*domain.oldest)) : Json()},
                      {"suspended", domain.suspended ? Json(*domain.suspended) : Json()}})));
  }
  co_return Json::object({{"count", domains.size()}});
}

Task<Result<Json>> change_letters(AdminServices& services, QueueFilter filter, QueueChange change,
                                  std::string reason) {
  PABAL_CO_TRY(queue::QueueAdmin * queue, require_queue(services));
  const auto id = filter.id;
  PABAL_CO_TRY(const QueueChanged changed,
               co_await queue->change(std::move(filter), change, std::move(reason)));
  if (id && changed.changed == 0 && changed.busy == 0) {
    co_return fail(ErrorKind::kRefuse, "letter {} is not in the queue, or there is nothing to change",
                   id->to_string());
  }
  co_return Json::object({{"changed", changed.changed}, {"busy", changed.busy}});
}

template <QueueChange change>
Task<Result<Json>> change_named(AdminServices& services, const Params& params, Reply&) {
  PABAL_CO_TRY(QueueFilter filter, parse_letters(params));
  co_return co_await change_letters(services, std::move(filter), change, params.text("reason"));
}

Task<Result<Json>> flush_queue(AdminServices& services, const Params& params, Reply&) {
  PABAL_CO_TRY(QueueFilter filter, parse_filter(params));
  co_return co_await change_letters(services, std::move(filter), QueueChange::kRetry, {});
}

Task<Result<Json>> suspend_domain(AdminServices& services, const Params& params, Reply&) {
  PABAL_CO_TRY(queue::QueueAdmin * queue, require_queue(services));
  PABAL_CO_TRY(const account::DomainName domain, params.domain("domain"));
  PABAL_CO_TRY_VOID(co_await queue->suspend(domain, params.text("reason")));
  co_return Json::object({{"domain", domain.unicode()}});
}

Task<Result<Json>> resume_domain(AdminServices& services, const Params& params, Reply&) {
  PABAL_CO_TRY(queue::QueueAdmin * queue, require_queue(services));
  PABAL_CO_TRY(const account::DomainName domain, params.domain("domain"));
  PABAL_CO_TRY_VOID(co_await queue->resume(domain));
  co_return Json::object({{"domain", domain.unicode()}});
}

const std::vector<Param> kFilters = {
    {"sender", ParamType::kText, Need::kOptional, "only from this address; '<>' for reports"},
    {"recipient", ParamType::kAddress, Need::kOptional, "only to this address"},
    {"domain", ParamType::kDomain, Need::kOptional, "only to this domain"},
    {"older_than", ParamType::kText, Need::kOptional, "only those that came so long ago: 30m, 4h, 2d"},
    {"held", ParamType::kFlag, Need::kOptional, "only those that an operator holds"}};

const Param kLetters = {"letters", ParamType::kText, Need::kRequired,
                        "a letter's id, or 'all', which the options narrow down"};
const Param kReason = {"reason", ParamType::kText, Need::kOptional,
                       "why; the letter's journey tells it, and a report to the sender"};

std::vector<Param> letters_and_filters(bool with_reason) {
  std::vector<Param> params = {kLetters};
  params.insert(params.end(), kFilters.begin(), kFilters.end());
  if (with_reason) params.push_back(kReason);
  return params;
}

const std::vector<Column> kItemColumns = {{"id", "ID"},
                                          {"sender", "FROM"},
                                          {"recipients", "TO"},
                                          {"size", "SIZE", Column::As::kSize},
                                          {"accepted", "CAME", Column::As::kTime},
                                          {"attempts", "TRIED"},
                                          {"next_try", "NEXT TRY", Column::As::kTime},
                                          {"reason", "REASON"}};

Method change_method(std::string_view name, std::string_view summary, std::string_view sentence,
                     Handler handler, bool with_reason, std::string_view example) {
  return {.name = name,
          .summary = summary,
          .params = letters_and_filters(with_reason),
          .show = {.sentence = sentence},
          .handler = handler,
          .example = example,
          .server_only = true};
}

}  // namespace

std::vector<Method> queue_methods() {
  return {
      {.name = "queue.list",
       .summary = "List the letters that wait for other hosts, and why",
       .params = kFilters,
       .show = {.shape = Show::Shape::kTable, .sentence = "The queue is empty.", .columns = kItemColumns},
       .handler = list_queue,
       .example = "queue list --domain hamburger.edu --older-than 4h",
       .server_only = true},
      {.name = "queue.show",
       .summary = "Show one letter's ways to its domains",
       .params = {{"letter", ParamType::kText, Need::kRequired, "its id"}},
       .show = {.shape = Show::Shape::kTable, .columns = kItemColumns},
       .handler = show_letter,
       .server_only = true},
      {.name = "queue.domains",
       .summary = "Count the waiting letters by domain",
       .params = {},
       .show = {.shape = Show::Shape::kTable,
                .sentence = "The queue is empty.",
                .columns = {{"domain", "DOMAIN"},
                            {"letters", "LETTERS"},
                            {"recipients", "RECIPIENTS"},
                            {"held", "HELD"},
                            {"oldest", "OLDEST", Column::As::kTime},
                            {"suspended", "SUSPENDED"}}},
       .handler = show_domains,
       .server_only = true},
      change_method("queue.retry", "Try letters now", "Tried now: {changed}. On the wire already: {busy}.",
                    change_named<QueueChange::kRetry>, false, "queue retry all --domain hamburger.edu"),
      {.name = "queue.flush",
       .summary = "Try everything that waits now, but what is held",
       .params = kFilters,
       .show = {.sentence = "Tried now: {changed}. On the wire already: {busy}."},
       .handler = flush_queue,
       .server_only = true},
      change_method("queue.hold", "Keep letters until they are released",
                    "Held: {changed}. Left alone, since on the wire: {busy}.",
                    change_named<QueueChange::kHold>, true, "queue hold all --sender eve@crepes.fr"),
      change_method("queue.release", "Let held letters go on",
                    "Released: {changed}. Left alone, since on the wire: {busy}.",
                    change_named<QueueChange::kRelease>, true, "queue release all --held"),
      change_method("queue.bounce", "Send letters back, with a report to the sender",
                    "Sent back: {changed}. Left alone, since on the wire: {busy}.",
                    change_named<QueueChange::kBounce>, true,
                    "queue bounce 0c7vj2m4k8r1x --reason \"We send no advertising\""),
      change_method("queue.delete", "Delete letters, and tell nobody",
                    "Deleted: {changed}. Left alone, since on the wire: {busy}.",
                    change_named<QueueChange::kDelete>, true, "queue delete all --sender eve@crepes.fr"),
      {.name = "queue.suspend",
       .summary = "Send nothing to a domain until it is resumed",
       .params = {{"domain", ParamType::kDomain, Need::kRequired, "the domain"}, kReason},
       .show = {.sentence = "Nothing is sent to {domain} until: pabal queue resume {domain}"},
       .handler = suspend_domain,
       .example = "queue suspend hamburger.edu --reason \"They asked us to wait until Monday.\"",
       .server_only = true},
      {.name = "queue.resume",
       .summary = "Send to a suspended domain again",
       .params = {{"domain", ParamType::kDomain, Need::kRequired, "the domain"}},
       .show = {.sentence = "Letters to {domain} are sent again."},
       .handler = resume_domain,
       .server_only = true},
  };
}

}  // namespace pabal::app
