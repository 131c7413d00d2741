#include "mailbox/search/evaluate.h"

#include <gtest/gtest.h>

#include "base/ascii.h"
#include "mailbox/search/indexer.h"
#include "mailbox/search/testing.h"
#include "net/scope.h"
#include "net/testing.h"
#include "store/memory.h"

namespace pabal::mailbox::search {
namespace {

using namespace std::chrono_literals;
using Positions = std::vector<std::uint32_t>;

constexpr account::AccountId kBob{7};
constexpr std::chrono::sys_seconds kNow = std::chrono::sys_days(std::chrono::year(2026) / 11 / 21) + 12h;

class MemoryNotes final : public LetterNotes {
 public:
  explicit MemoryNotes(MemoryLetters& letters) : letters_(letters) {}
  net::Task<Result<std::vector<message::Envelope>>> load_envelopes(account::AccountId,
                                                                   std::span<const LetterId> ids) override {
    std::vector<message::Envelope> envelopes;
    for (const LetterId id : ids) envelopes.push_back(message::parse_envelope(letters_.letters[id]));
    loaded += ids.size();
    co_return envelopes;
  }
  net::Task<Result<std::vector<LetterId>>> load_threads(account::AccountId,
                                                        std::span<const LetterId> ids) override {
    std::vector<LetterId> threads;
    for (const LetterId id : ids) threads.push_back(LetterId((id.value() - 1) / 2 * 2 + 1));
    co_return threads;
  }
  std::shared_ptr<const FieldColumn> find_column(account::AccountId, std::string_view field) override {
    return column && equals_ignoring_case(column->field(), field) ? column : nullptr;
  }
  std::shared_ptr<const FieldColumn> column;
  std::size_t loaded = 0;

 private:
  MemoryLetters& letters_;
};

Query all_of(std::vector<Query> parts) { return {query::And{std::move(parts)}}; }
Query any_of(std::vector<Query> parts) { return {query::Or{std::move(parts)}}; }
Query no(Query part) {
  query::Not negated;
  negated.part.push_back(std::move(part));
  return {std::move(negated)};
}
Query flagged(Flags flag) { return {query::Flagged{{.system = flag}}}; }
Query keyword(std::string name) { return {query::Flagged{{.system = {}, .keywords = {std::move(name)}}}}; }

struct NotedCare final : IndexCare {
  void hurry(account::AccountId) override { ++hurries; }
  void rebuild(account::AccountId) override { ++rebuilds; }
  int hurries = 0;
  int rebuilds = 0;
};

class EvaluateTest : public ::testing::Test {
 protected:
  void add(std::string letter, Flags flags = {}) {
    letters_.add(std::move(letter));
    const auto n = static_cast<std::uint32_t>(letters_.last);
    page_.rows.push_back({.uid = Uid(n * 10),
                          .size_bytes = 100 * n,
                          .letter = LetterId(n),
                          .flags = flags,
                          .mod_seq = ModSeq(n),
                          .received = kNow - std::chrono::hours(24 * n),
                          .saved = kNow});
  }
  void index() {
    Indexer indexer(loop_.loop(), *engine_, letters_, workers_, {}, {.worth_letters = 1});
    ASSERT_TRUE(loop_.run_until_done(indexer.index(kBob)));
  }
  FolderTable table() const {
    std::vector<std::shared_ptr<const Page>> pages;
    for (std::size_t i = 0; i < page_.rows.size(); i += 100) {
      Page page;
      for (std::size_t at = i; at < std::min(i + 100, page_.rows.size()); ++at)
        page.rows.push_back(page_.rows[at]);
      pages.push_back(std::make_shared<const Page>(std::move(page)));
    }
    return FolderTable(kInbox, ModSeq(1), std::move(pages));
  }
  Result<Positions> try_find(const Query& query) {
    const FolderTable folder = table();
    const Searched searched{.table = folder, .keywords = keywords_, .sets = sets_, .now = kNow};
    Evaluator evaluator(*engine_, letters_, notes_, workers_, &care_);
    return loop_.run_until_done(evaluator.find(kBob, query, searched));
  }
  Positions find(const Query& query) {
    auto found = try_find(query);
    EXPECT_TRUE(found);
    return found ? *found : Positions{};
  }

  net::SimulatedLoop loop_;
  std::unique_ptr<store::Engine> engine_ = store::make_memory_engine();
  net::WorkerPool workers_{{.name = "search", .threads = 1}};
  MemoryLetters letters_;
  MemoryNotes notes_{letters_};
  NotedCare care_;
  KeywordTable keywords_{{"$Forwarded", "later"}};
  std::vector<UidSet> sets_;
  Page page_;
};

TEST_F(EvaluateTest, AnswersEachKindOfCondition) {
  using Dated = query::Dated;
  add("From: Alice <alice@crepes.fr>\r\nTo: bob@x.org\r\nSubject: =?utf-8?B?7ZqM7J2Y?=\r\nDate: Fri, 20 Nov 2026 "
      "23:30:00 -0800\r\nX-Note: Important\r\n\r\nHello world\r\n",
      kSeen);
  add("From: Carol <carol@x.org>\r\nCc: dave@x.org\r\nSubject: lunch\r\nDate: Sat, 21 Nov 2026 01:00:00 +0900\r\n"
      "Content-Type: text/plain; charset=utf-8\r\n\r\n번역을 부탁합니다\r\n",
      with(kFlagged, Flags(1 << 5)));
  add("Subject: file\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: text/html\r\n\r\n"
      "<b>hel</b>lo &amp; co\r\n--b\r\nContent-Type: application/pdf; name=\"report.pdf\"\r\n\r\nx\r\n--b--\r\n",
      Flags(1 << 6));
  sets_ = {UidSet({Uid(10), Uid(19)})};
  sets_[0].add({Uid(30), Uid(30)});
  const auto day = std::chrono::year(2026) / 11;
  const struct {
    const char* name;
    Query query;
    Positions want;
  } kRows[] = {
      {"all", {query::All{}}, {0, 1, 2}},
      {"nothing of nothing", any_of({}), {}},
      {"seen", flagged(kSeen), {0}},
      {"not seen", no(flagged(kSeen)), {1, 2}},
      {"keyword, any case", keyword("LATER"), {2}},
      {"keyword", keyword("$forwarded"), {1}},
      {"a keyword that nobody has", no(keyword("none")), {0, 1, 2}},
      {"uids", {query::InSet{0}}, {0, 2}},
      {"a set that is not there", {query::InSet{7}}, {}},
      {"larger", {query::Larger{200}}, {2}},
      {"smaller", {query::Smaller{200}}, {0}},
      {"since", {Dated{Dated::Which::kReceived, Dated::When::kSince, day / 19}}, {0, 1}},
      {"on", {Dated{Dated::Which::kReceived, Dated::When::kOn, day / 19}}, {1}},
      {"before", {Dated{Dated::Which::kReceived, Dated::When::kBefore, day / 19}}, {2}},
      {"saved on", {Dated{Dated::Which::kSaved, Dated::When::kOn, day / 21}}, {0, 1, 2}},
      {"sent on, by the sender's clock", {Dated{Dated::Which::kSent, Dated::When::kOn, day / 20}}, {0}},
      {"sent since", {Dated{Dated::Which::kSent, Dated::When::kSince, day / 20}}, {0, 1}},
      {"no date is no day", no({Dated{Dated::Which::kSent, Dated::When::kSince, day / 1}}), {2}},
      {"younger", {query::Younger{std::chrono::hours(24)}}, {0}},
      {"older", {query::Older{std::chrono::hours(24)}}, {0, 1, 2}},
      {"modseq", {query::ChangedSince{ModSeq(2)}}, {1, 2}},
      {"letter", {query::IsLetter{LetterId(2)}}, {1}},
      {"thread", {query::InThread{LetterId(1)}}, {0, 1}},
      {"from", {query::HeaderHas{"FROM", "ALICE@CREPES"}}, {0}},
      {"from, as name and address", {query::HeaderHas{"from", "Carol <c"}}, {1}},
      {"subject, decoded", {query::HeaderHas{"Subject", "회의"}}, {0}},
      {"another field", {query::HeaderHas{"X-Note", "port"}}, {0}},
      {"a field that is there", {query::HeaderHas{"cc", ""}}, {1}},
      {"any field that is there", {query::HeaderHas{"x-note", ""}}, {0}},
      {"body", {query::BodyHas{"번역"}}, {1}},
      {"body, without tags", {query::BodyHas{"hello"}}, {0, 2}},
      {"body, a file's name", {query::BodyHas{"REPORT.pdf"}}, {2}},
      {"body is not header", {query::BodyHas{"lunch"}}, {}},
      {"text is both", {query::TextHas{"lunch"}}, {1}},
      {"text with the field's name", {query::TextHas{"subject: LUNCH"}}, {1}},
      {"one character", {query::TextHas{"&"}}, {2}},
      {"empty is in all", {query::BodyHas{""}}, {0, 1, 2}},
      {"and", all_of({flagged(kSeen), {query::BodyHas{"world"}}}), {0}},
      {"or", any_of({flagged(kFlagged), {query::BodyHas{"world"}}}), {0, 1}},
      {"not text", no({query::TextHas{"lunch"}}), {0, 2}},
      {"nested",
       any_of({all_of({no(flagged(kSeen)), {query::HeaderHas{"From", "carol"}}}),
               all_of({{query::Larger{250}}, no({query::BodyHas{"xyzzy"}})})}),
       {1, 2}},
  };
  for (const auto& row : kRows) EXPECT_EQ(find(row.query), row.want) << row.name;
  // Not otherwise once they are indexed, and there are others, so that the index is asked.
  for (int i = 0; i < 30; ++i) add("Subject: other\r\n\r\nother\r\n");
  index();
  for (const auto& row : kRows) {
    Positions found = find(row.query);
    std::erase_if(found, [](std::uint32_t position) { return position > 2; });
    EXPECT_EQ(found, row.want) << row.name << ", indexed";
  }
}

TEST_F(EvaluateTest, ReadsNoMoreThanItMust) {
  for (int i = 0; i < 200; ++i)
    add("From: a@x.org\r\nSubject: other\r\n\r\nother\r\n", i % 2 ? kSeen : Flags{});
  add("From: b@x.org\r\nSubject: this\r\n\r\ncartography\r\n");
  index();
  letters_.reads = 0;
  EXPECT_EQ(find(all_of({flagged(kSeen), no(flagged(kSeen)), {query::BodyHas{"other"}}})), Positions{});
  EXPECT_EQ(letters_.reads, 0U);
  EXPECT_EQ(find({query::BodyHas{"cartography"}}), Positions{200});
  EXPECT_LE(letters_.reads, kBlockLetters);
  letters_.reads = 0;
  EXPECT_EQ(find({query::BodyHas{"nowhere"}}), Positions{});
  EXPECT_EQ(find({query::HeaderHas{"From", "b@x"}}), Positions{200});
  EXPECT_EQ(letters_.reads, 0U);
  EXPECT_LE(notes_.loaded, kBlockLetters);
}

TEST_F(EvaluateTest, AFieldThatIsKeptInMemoryIsNotLoaded) {
  for (int i = 0; i < 100; ++i) add(fmt::format("From: u{} <a@x.org>\r\n\r\nother\r\n", i % 10));
  auto column = std::make_shared<FieldColumn>("From");
  for (const auto& [id, text] : letters_.letters) {
    if (id.value() % 3 > 0) column->add(id, message::parse_envelope(text));
  }
  const Query query{query::HeaderHas{"FROM", "U7 <a"}};
  const Positions without = find(query);
  EXPECT_EQ(without.size(), 10U);
  notes_.column = column;
  notes_.loaded = 0;
  EXPECT_EQ(find(query), without);
  EXPECT_EQ(notes_.loaded, 33U);
  // Over the border between two letters nothing is found.
  EXPECT_EQ(find({query::HeaderHas{"From", ">u"}}), Positions{});
  EXPECT_EQ(find({query::HeaderHas{"From", ">"}}).size(), 100U);
}

TEST_F(EvaluateTest, ALetterOfManyPiecesIsReadToItsEnd) {
  add("Subject: long\r\n\r\n" + std::string(1'500'000, 'x') + "needle\r\n");
  add("Subject: short\r\n\r\nneedle\r\n");
  EXPECT_EQ(find({query::BodyHas{"xneedle"}}), Positions{0});
  EXPECT_EQ(find({query::BodyHas{"needle"}}), (Positions{0, 1}));
}

net::Task<void> search_cancelled(Evaluator& evaluator, const Query& query, const Searched& folder,
                                 Result<Positions>& outcome) {
  outcome = co_await evaluator.find(kBob, query, folder);
}

TEST_F(EvaluateTest, LettersBeforeTheIndexKnowsThemAreFoundAndItIsToldToHurry) {
  for (int i = 0; i < 700; ++i) {
    add("Subject: x\r\n\r\n" + std::string(i % 7 == 0 ? "straggler" : "others") + "\r\n");
  }
  const Query wanted{query::BodyHas{"straggler"}};
  const Positions unindexed = find(wanted);
  EXPECT_EQ(unindexed.size(), 100U);
  EXPECT_TRUE(std::ranges::is_sorted(unindexed));
  EXPECT_EQ(care_.hurries, 1);
  index();
  EXPECT_EQ(find(wanted), unindexed);
  EXPECT_EQ(care_.hurries, 1);
}

TEST_F(EvaluateTest, ADamagedIndexIsNotBelievedAndIsMadeAnew) {
  for (int i = 0; i < 100; ++i) add("Subject: x\r\n\r\n" + std::to_string(i) + " crepes\r\n");
  index();
  store::Batch batch(account::partition_of(kBob));
  batch.put(std::string(kStateKey), "no state");
  ASSERT_TRUE(loop_.run_until_done(engine_->commit(std::move(batch))));
  EXPECT_EQ(find({query::BodyHas{"77 crep"}}), Positions({77}));
  EXPECT_EQ(care_.rebuilds, 1);
  index();
  letters_.reads = 0;
  EXPECT_EQ(find({query::BodyHas{"77 crep"}}), Positions({77}));
  EXPECT_LE(letters_.reads, kBlockLetters);
  EXPECT_EQ(care_.rebuilds, 1);
}

TEST_F(EvaluateTest, CanBeCancelled) {
  for (int i = 0; i < 2000; ++i) add("Subject: other\r\n\r\nother\r\n");
  const FolderTable folder = table();
  const Searched searched{.table = folder, .keywords = keywords_, .sets = sets_, .now = kNow};
  Evaluator evaluator(*engine_, letters_, notes_, workers_);
  const Query query{query::BodyHas{"other"}};
  Result<Positions> outcome;
  const auto run = [&]() -> net::Task<void> {
    net::Scope scope(loop_.loop());
    scope.spawn(search_cancelled(evaluator, query, searched, outcome));
    scope.cancel();
    co_await scope.join();
  };
  loop_.run_until_done(run());
  ASSERT_FALSE(outcome);
  EXPECT_EQ(outcome.error().kind, ErrorKind::kCancelled);
  EXPECT_LT(letters_.reads, 1000U);
}

Query random_query(RandomText& random, int depth) {
  switch (random.below(depth > 0 ? 9 : 6)) {
    case 0:
      return flagged(random.below(2) ? kSeen : kFlagged);
    case 1:
      return {query::Larger{random.below(30'000)}};
    case 2:
      return {query::HeaderHas{random.below(2) ? "From" : "X-Note", random.needle()}};
    case 3:
      return {query::HeaderHas{"Subject", random.needle()}};
    case 4:
      return {query::BodyHas{random.needle()}};
    case 5:
      return {query::TextHas{random.needle()}};
    case 6:
      return no(random_query(random, depth - 1));
    default: {
      std::vector<Query> parts;
      for (std::size_t i = 1 + random.below(3); i > 0; --i) parts.push_back(random_query(random, depth - 1));
      return random.below(2) ? all_of(std::move(parts)) : any_of(std::move(parts));
    }
  }
}

TEST_F(EvaluateTest, FindsWhatAScanFinds) {
  RandomText random(21);
  for (int i = 0; i < 250; ++i) {
    add(random.letter(), Flags(random.below(8)));
  }
  std::vector<Query> queries;
  std::vector<Positions> scanned;
  for (int i = 0; i < 60; ++i) {
    queries.push_back(random_query(random, 3));
    scanned.push_back(find(queries.back()));  // there is no index yet
  }
  index();
  for (std::size_t i = 0; i < queries.size(); ++i) EXPECT_EQ(find(queries[i]), scanned[i]) << i;
}

}  // namespace
}  // namespace pabal::mailbox::search
