// The loads of many clients.
#include <cstdio>
#include <random>

#include "crowd.h"
#include "letters.h"
#include "loads.h"

namespace pabal::bench {
namespace {

using Time = std::chrono::steady_clock;
using Step = Client::Step;

double seconds_since(Time::time_point began) {
  return std::chrono::duration<double>(Time::now() - began).count();
}

Time::time_point deadline(const Options& options) {
  return Time::now() +
         std::chrono::duration_cast<Time::duration>(std::chrono::duration<double>(options.seconds));
}

std::string append_command(const Letters& letters, const std::string& folder, std::uint32_t number,
                           std::uint32_t salt) {
  const std::string text = letters.letter(number, salt);
  return fmt::format("APPEND {} {{{}+}}\r\n{}", folder, text.size(), text);
}

struct Totals {
  std::uint64_t commands = 0;
  std::uint64_t logins = 0;
  std::uint64_t letters = 0;
};

void print_rates(const Totals& totals, double took) {
  fmt::print(R"({{"commands": {}, "logins": {}, "letters": {}, "seconds": {:.4f}}})"
             "\n",
             totals.commands, totals.logins, totals.letters, took);
}

class Appender : public Client {
 public:
  Appender(const Options& options, const Letters& letters, Totals& totals, std::uint32_t index,
           Time::time_point end)
      : options_(options), letters_(letters), totals_(totals), index_(index), end_(end) {}

  Step next(const Reply&) override {
    if (step_++ == 0) return {Step::Kind::kSay, options_.login(index_)};
    if (step_ > 2) ++totals_.letters;
    if (Time::now() >= end_) return {Step::Kind::kFinish};
    // Each letter is another one, so that nobody keeps two as one.
    const std::uint32_t number = options_.first + index_ + step_ * options_.clients;
    return {Step::Kind::kSay, append_command(letters_, options_.folder, number, options_.salt)};
  }

 private:
  const Options& options_;
  const Letters& letters_;
  Totals& totals_;
  const std::uint32_t index_;
  const Time::time_point end_;
  std::uint32_t step_ = 0;
};

class LoginClient : public Client {
 public:
  LoginClient(const Options& options, Totals& totals, std::uint32_t index, Time::time_point end)
      : options_(options), totals_(totals), index_(index), end_(end) {}

  Step next(const Reply&) override {
    switch (step_++) {
      case 0:
        return {Step::Kind::kSay, options_.login(index_)};
      case 1:
        ++totals_.logins;
        return {Step::Kind::kSay, "LOGOUT"};
      default:
        step_ = 0;
        if (Time::now() >= end_) return {Step::Kind::kFinish};
        index_ += options_.clients;
        return {Step::Kind::kAnew};
    }
  }

 private:
  const Options& options_;
  Totals& totals_;
  std::uint32_t index_;
  const Time::time_point end_;
  int step_ = 0;
};

class IdleClient : public Client {
 public:
  IdleClient(const Options& options, std::uint32_t index) : options_(options), index_(index) {}
  Step next(const Reply&) override {
    switch (step_++) {
      case 0:
        return {Step::Kind::kSay, options_.login(index_)};
      case 1:
        return {Step::Kind::kSay, "SELECT " + options_.folder};
      case 2:
        return {Step::Kind::kSay, "IDLE"};
      default:
        return {Step::Kind::kRest};
    }
  }

 private:
  const Options& options_;
  const std::uint32_t index_;
  int step_ = 0;
};

constexpr std::uint32_t kCommandsOfSession = 10;

// What a person's mail program does, and how often of a hundred.
class MixClient : public Client {
 public:
  MixClient(const Options& options, const Letters& letters, Totals& totals, std::uint32_t index,
            Time::time_point end)
      : options_(options), letters_(letters), totals_(totals), index_(index), end_(end), dice_(index + 1) {}

  Step next(const Reply& reply) override {
    check(reply);
    const std::uint32_t step = step_++;
    if (step > 0) ++totals_.commands;
    if (step == 0) return say(options_.login(index_));
    if (step == 1) {
      ++totals_.logins;
      return say("SELECT " + options_.folder);
    }
    if (step < 2 + kCommandsOfSession) return something();
    if (step == 2 + kCommandsOfSession) return say("LOGOUT");
    step_ = 0;
    return {Time::now() >= end_ ? Step::Kind::kFinish : Step::Kind::kAnew};
  }

 private:
  Step say(std::string command, std::uint64_t fetched = 0) {
    wanted_ = fetched;
    return {Step::Kind::kSay, std::move(command)};
  }

  void check(const Reply& reply) const {
    const Reply::Kind* const fetched = reply.find("FETCH");
    if (wanted_ > 0 && (fetched == nullptr || fetched->count < wanted_))
      die("letters are missing in the answer to a FETCH");
  }

  std::uint32_t below(std::uint32_t bound) { return static_cast<std::uint32_t>(dice_() % bound); }
  std::uint32_t any(std::uint32_t run = 1) { return 1 + below(options_.letters - run); }

  Step something() {
    const std::uint32_t chance = below(100);
    if (chance < 25) {
      const std::uint32_t first = any(20);
      return say(fmt::format("FETCH {}:{} (UID FLAGS ENVELOPE)", first, first + 19), 20);
    }
    if (chance < 45) return say(fmt::format("UID FETCH {} BODY.PEEK[]", any()), 1);
    if (chance < 60) {
      const std::uint32_t first = any(100);
      return say(fmt::format("FETCH {}:{} (FLAGS)", first, first + 99), 100);
    }
    if (chance < 75)
      return say(fmt::format("STORE {} {}FLAGS (\\Flagged)", any(), below(2) == 0 ? '+' : '-'));
    if (chance < 80)
      return say(fmt::format("UID SEARCH FROM \"{}\"", Letters::address(below(Letters::kSenders))));
    if (chance < 85) return say("UID SEARCH UNSEEN");
    if (chance < 90) return say("NOOP");
    if (chance < 93) return say("STATUS Sent (MESSAGES UIDNEXT UNSEEN)");
    if (chance < 96) return say("LIST \"\" *");
    ++totals_.letters;
    return say(append_command(letters_, "Sent", static_cast<std::uint32_t>(dice_()), options_.salt));
  }

  const Options& options_;
  const Letters& letters_;
  Totals& totals_;
  const std::uint32_t index_;
  const Time::time_point end_;
  std::mt19937 dice_;
  std::uint64_t wanted_ = 0;
  std::uint32_t step_ = 0;
};

template <typename Make>
std::vector<std::unique_ptr<Client>> crowd_of(std::uint32_t clients, Make make) {
  std::vector<std::unique_ptr<Client>> crowd;
  for (std::uint32_t index = 0; index < clients; ++index) crowd.push_back(make(index));
  return crowd;
}

}  // namespace

void append(const Options& options) {
  const Letters letters(0);
  Totals totals;
  const Time::time_point end = deadline(options);
  const Time::time_point began = Time::now();
  run_crowd(options.server,
            crowd_of(options.clients,
                     [&](std::uint32_t index) {
                       return std::make_unique<Appender>(options, letters, totals, index, end);
                     }),
            options.clients);
  print_rates(totals, seconds_since(began));
}

void logins(const Options& options) {
  Totals totals;
  const Time::time_point end = deadline(options);
  const Time::time_point began = Time::now();
  run_crowd(options.server,
            crowd_of(options.clients,
                     [&](std::uint32_t index) {
                       return std::make_unique<LoginClient>(options, totals, index, end);
                     }),
            options.clients);
  print_rates(totals, seconds_since(began));
}

void mix(const Options& options) {
  const Letters letters(0);
  Totals totals;
  const Time::time_point end = deadline(options);
  const Time::time_point began = Time::now();
  run_crowd(options.server,
            crowd_of(options.clients,
                     [&](std::uint32_t index) {
                       return std::make_unique<MixClient>(options, letters, totals, index, end);
                     }),
            options.clients);
  print_rates(totals, seconds_since(began));
}

void idle(const Options& options) {
  constexpr std::size_t kOpening = 32;
  constexpr std::size_t kLooked = 200;  // a server that puts the idle to sleep wakes them one by one
  auto resting =
      run_crowd(options.server,
                crowd_of(options.clients,
                         [&](std::uint32_t index) { return std::make_unique<IdleClient>(options, index); }),
                kOpening);
  fmt::print(R"({{"idle": {}}})"
             "\n",
             resting.size());
  std::fflush(stdout);
  while (const int got = std::getchar()) {
    if (got == '\n' || got == EOF) break;
  }
  std::size_t alive = 0;
  for (std::size_t i = 0; i < resting.size(); i += std::max<std::size_t>(1, resting.size() / kLooked)) {
    resting[i]->send_more("DONE\r\n");
    if (!resting[i]->wait().ok()) die("an idle connection did not come back");
    ++alive;
  }
  fmt::print(R"({{"alive": {}}})"
             "\n",
             alive);
}

}  // namespace pabal::bench
