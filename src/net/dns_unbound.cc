#include "net/dns_unbound.h"

#include <poll.h>
#include <pthread.h>
#include <sys/eventfd.h>
#include <unbound.h>
#include <unistd.h>

#include <mutex>
#include <thread>
#include <unordered_map>

#include "base/ascii.h"
#include "base/check.h"
#include "net/detail/descriptor.h"
#include "net/signal.h"

namespace pabal::net {

namespace {

constexpr int kInternet = 1;  // class IN
/// Questions under way; each costs libunbound some KiB. Beyond that the asker waits and retries.
constexpr std::size_t kMaxQuestions = 4096;

/// One question. The asking coroutine, the thread and libunbound's callback share it.
struct Question {
  Question(UnboundResolver::State& resolver, Loop& asking, std::string asked, DnsType asked_type)
      : state(resolver), loop(&asking), name(std::move(asked)), type(asked_type) {}

  UnboundResolver::State& state;
  std::mutex mutex;
  Loop* loop;  // null once the asker has given up
  const std::string name;
  const DnsType type;
  // The asking loop's thread alone:
  bool answered = false;
  DnsAnswer answer;
  Signal changed;
};

void bring_back(const std::shared_ptr<Question>& question, DnsAnswer answer) {
  const std::lock_guard lock(question->mutex);
  if (question->loop == nullptr) return;
  // An asker that has not given up yet keeps its loop alive; one that gives up from now on waits here first.
  question->loop->post([question, answer = std::move(answer)]() mutable {
    question->answer = std::move(answer);
    question->answered = true;
    question->changed.notify_all();
  });
}

DnsAnswer to_answer(const ub_result& result, const std::string& name, bool validates) {
  DnsAnswer out;
  out.security = result.secure != 0  ? DnsSecurity::kSecure
                 : result.bogus != 0 ? DnsSecurity::kBogus
                 : validates         ? DnsSecurity::kInsecure
                                     : DnsSecurity::kIndeterminate;
  out.canonical_name = name;
  if (result.canonname != nullptr) out.canonical_name = normalise_dns_name(result.canonname).value_or(name);
  out.ttl = std::chrono::seconds(std::max(0, result.ttl));
  if (result.bogus != 0) {
    out.why = result.why_bogus != nullptr ? result.why_bogus : "DNSSEC validation failed";
  } else if (result.nxdomain != 0) {
    out.status = DnsStatus::kNoName;
  } else if (result.rcode != 0) {
    out.why =
        fmt::format("the answer's code is {}", result.rcode == 2 ? "SERVFAIL" : std::to_string(result.rcode));
  } else if (result.havedata == 0) {
    out.status = DnsStatus::kNoData;
  } else {
    out.status = DnsStatus::kFound;
    for (int i = 0; result.data[i] != nullptr; ++i) {
      out.records.emplace_back(result.data[i], static_cast<std::size_t>(result.len[i]));
    }
  }
  return out;
}

}  // namespace

struct UnboundResolver::State {
  ~State() {
    if (context != nullptr) ::ub_ctx_delete(context);
  }

  Result<void> set_up(const UnboundOptions& options);
  void serve();
  void ask(const std::shared_ptr<Question>& question);
  void answer(Question* question, DnsAnswer answer);
  void wake() const {
    const std::uint64_t one = 1;
    std::ignore = ::write(wake_up.get(), &one, sizeof(one));
  }

  ub_ctx* context = nullptr;
  bool validates = false;
  UniqueFd wake_up;
  std::thread thread;

  std::mutex mutex;
  bool stopping = false;
  std::vector<std::shared_ptr<Question>> fresh;
  std::unordered_map<Question*, std::shared_ptr<Question>> under_way;
};

Result<void> UnboundResolver::State::set_up(const UnboundOptions& options) {
  context = ::ub_ctx_create();
  wake_up = UniqueFd(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (context == nullptr || !wake_up)
    return fail(ErrorKind::kRetryLater, "starting the DNS resolver: out of memory");
  const auto check = [](int error, std::string_view what) -> Result<void> {
    if (error == 0) return {};
    return fail(ErrorKind::kRefuse, "DNS resolver: {}: {}", what, ::ub_strerror(error));
  };
  PABAL_TRY_VOID(check(::ub_ctx_async(context, 1), "threads"));
  if (!options.trust_anchor_file.empty()) {
    // libunbound itself would say so only at the first question.
    if (::access(options.trust_anchor_file.c_str(), R_OK) != 0) {
      return fail(ErrorKind::kRefuse,
                  "{}: {} (the DNS root's key; on Debian the package dns-root-data has it)",
                  options.trust_anchor_file, error_text(errno));
    }
    PABAL_TRY_VOID(
        check(::ub_ctx_add_ta_file(context, options.trust_anchor_file.c_str()), options.trust_anchor_file));
    validates = true;
  }
  for (const std::string& server : options.forwarders) {
    PABAL_TRY_VOID(check(::ub_ctx_set_fwd(context, server.c_str()), server));
  }
  for (const auto& [zone, kind] : options.local_zones) {
    PABAL_TRY_VOID(check(::ub_ctx_zone_add(context, zone.c_str(), kind.c_str()), zone));
  }
  for (const std::string& data : options.local_data) {
    PABAL_TRY_VOID(check(::ub_ctx_data_add(context, data.c_str()), data));
  }
  return {};
}

// The thread: hands questions to the library and lets it call back with answers.
void UnboundResolver::State::serve() {
  for (;;) {
    pollfd ready[] = {{::ub_fd(context), POLLIN, 0}, {wake_up.get(), POLLIN, 0}};
    ::poll(ready, 2, -1);
    if (ready[0].revents != 0) ::ub_process(context);
    std::uint64_t ignored;
    std::ignore = ::read(wake_up.get(), &ignored, sizeof(ignored));
    std::vector<std::shared_ptr<Question>> questions;
    {
      const std::lock_guard lock(mutex);
      if (stopping) return;
      questions.swap(fresh);
    }
    for (const auto& question : questions) ask(question);
  }
}

void UnboundResolver::State::ask(const std::shared_ptr<Question>& question) {
  // `under_way` keeps it until it is called back.
  const auto on_answer = [](void* argument, int error, ub_result* result) {
    auto* const asked = static_cast<Question*>(argument);
    DnsAnswer answer;
    if (error != 0) {
      answer.why = ::ub_strerror(error);
    } else {
      answer = to_answer(*result, asked->name, asked->state.validates);
    }
    ::ub_resolve_free(result);
    asked->state.answer(asked, std::move(answer));
  };
  const int error = ::ub_resolve_async(context, question->name.c_str(), static_cast<int>(question->type),
                                       kInternet, question.get(), on_answer, nullptr);
  if (error != 0) answer(question.get(), {.why = ::ub_strerror(error)});
}

void UnboundResolver::State::answer(Question* question, DnsAnswer answer) {
  std::shared_ptr<Question> owned;
  {
    const std::lock_guard lock(mutex);
    owned = std::move(under_way.at(question));
    under_way.erase(question);
  }
  bring_back(owned, std::move(answer));
}

UnboundResolver::UnboundResolver(std::unique_ptr<State> state) : state_(std::move(state)) {
  state_->thread = std::thread([s = state_.get()] { s->serve(); });
  ::pthread_setname_np(state_->thread.native_handle(), "dns");
}

UnboundResolver::~UnboundResolver() {
  {
    const std::lock_guard lock(state_->mutex);
    state_->stopping = true;
  }
  state_->wake();
  state_->thread.join();
}

Result<std::unique_ptr<UnboundResolver>> UnboundResolver::create(UnboundOptions options) {
  auto state = std::make_unique<State>();
  PABAL_TRY_VOID(state->set_up(options));
  return std::unique_ptr<UnboundResolver>(new UnboundResolver(std::move(state)));
}

Task<Result<DnsAnswer>> UnboundResolver::query(std::string name, DnsType type, Deadline deadline) {
  auto normal = normalise_dns_name(name);
  if (!normal) co_return fail(ErrorKind::kRefuse, "'{}' is not a name that the DNS can have", name);
  Loop& loop = *(co_await current_context()).loop;
  const auto question = std::make_shared<Question>(*state_, loop, *std::move(normal), type);
  {
    const std::lock_guard lock(state_->mutex);
    if (state_->under_way.size() >= kMaxQuestions)
      co_return fail(ErrorKind::kOverLimit, "too many DNS questions at once");
    state_->under_way.emplace(question.get(), question);
    state_->fresh.push_back(question);
  }
  state_->wake();
  loop.expect_result();
  Result<void> waited;
  while (waited && !question->answered) waited = co_await question->changed.wait(deadline);
  loop.result_arrived();
  if (!waited) {
    const std::lock_guard lock(question->mutex);
    question->loop = nullptr;
    co_return std::unexpected(std::move(waited).error().with_context("asking the DNS for " + question->name));
  }
  co_return std::move(question->answer);
}

}  // namespace pabal::net
