// What the command line prints about itself, and whether the shells and man take it.

#include "ctl/completions.h"

#include <array>
#include <cstdio>
#include <gmock/gmock.h>
#include <sstream>

#include <CLI/CLI.hpp>

#include "ctl/description.h"
#include "ctl/manual.h"
#include "ctl/spoken.h"

namespace seki::ctl {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsSupersetOf;
using testing::Not;
using testing::UnorderedElementsAre;

std::string printed(std::string_view line) {
    const auto spoken = speak(line);
    const auto* exit = std::get_if<Exit>(&spoken);
    EXPECT_TRUE(exit != nullptr && exit->code == exit_ok) << line;
    return exit != nullptr ? exit->text : std::string();
}

bool installed(const std::string& program) {
    return std::system(("command -v " + program + " >/dev/null 2>&1").c_str()) == 0;
}

// What a command of the shell prints, both streams.
std::string output_of(const std::string& command) {
    std::string text;
    FILE* const pipe = ::popen((command + " 2>&1").c_str(), "r");
    std::array<char, 4096> some{};
    while (const size_t size = std::fread(some.data(), 1, some.size(), pipe)) text.append(some.data(), size);
    ::pclose(pipe);
    return text;
}

// What zsh's completion system would do with what it is told, printed.
constexpr std::string_view zsh_stage = R"(compdef() { : }
compadd() { shift; print -l -- "$@" }
_describe() { local told=$argv[-1]; print -l -- ${${(P)told}%%:*} }
_files() { print -l -- * }
compset() {
    [[ $PREFIX == --*=* ]] || return 1
    IPREFIX=${PREFIX%%=*}= PREFIX=${PREFIX#*=}
}
)";

struct PrintedTest : testing::Test {
    Directory directory;

    // What the shell offers behind `line`, whose last word is unfinished.
    std::vector<std::string> offered(std::string_view line, std::string_view shell = "bash") {
        const std::string script = directory.file("script", printed("completions " + std::string(shell)));
        std::vector<std::string> words;
        std::istringstream spoken{std::string(line)};
        for (std::string word; spoken >> word;) words.push_back(shell_quoted(word));
        if (line.ends_with(' ')) words.emplace_back("''");
        const std::string count = std::to_string(words.size());
        std::string test = "source " + script + "\n";
        if (shell == "bash")
            test += "COMP_WORDS=(" + joined(words) + ") COMP_CWORD=" + count +
                    "-1\n_seki\nprintf '%s\\n' \"${COMPREPLY[@]}\"\n";
        if (shell == "zsh")
            test =
                std::string(zsh_stage) + test + "words=(" + joined(words) + ") CURRENT=" + count +
                " PREFIX=$words[-1]\n_seki | while read -r offer; do [[ $offer != $PREFIX* ]] || print -r -- $offer; "
                "done\n";
        if (shell == "fish") test += "complete -C " + shell_quoted(line) + " | string replace -r '\\t.*' ''\n";
        std::vector<std::string> offers;
        std::istringstream lines(
            output_of("cd " + directory.path() + "; " + std::string(shell) + " " + directory.file("test", test)));
        for (std::string offer; std::getline(lines, offer);) {
            if (!offer.empty()) offers.push_back(offer);
        }
        return offers;
    }
};

TEST_F(PrintedTest, bash_is_offered_verbs_at_each_level) {
    EXPECT_THAT(offered("seki "), IsSupersetOf({"start", "frontend", "completions"}));
    EXPECT_THAT(offered("seki fr"), ElementsAre("frontend"));
    EXPECT_THAT(offered("seki frontend "), IsSupersetOf({"http", "list"}));
    EXPECT_THAT(offered("seki -c seki.toml -j frontend http "), ElementsAre("add", "update", "remove"));
    EXPECT_THAT(offered("seki frontend http add --hostname deny "), ElementsAre("id", "deny"));
}

TEST_F(PrintedTest, bash_is_offered_options_of_the_verb_and_those_that_may_stand_anywhere) {
    EXPECT_THAT(offered("seki backend add --b"), ElementsAre("--backend-id", "--backup"));
    EXPECT_THAT(offered("seki backend add -"), IsSupersetOf({"--address", "-a", "--json", "--config"}));
    EXPECT_THAT(offered("seki status --host"), ElementsAre());
    EXPECT_THAT(offered("seki frontend http add id --hostn"), ElementsAre("--hostname"));
    EXPECT_THAT(offered("seki frontend http add --position = pre id web --hostn"), ElementsAre("--hostname"));
}

TEST_F(PrintedTest, bash_is_offered_the_values_that_there_are) {
    EXPECT_THAT(offered("seki frontend http add --position p"), ElementsAre("pre", "post"));
    EXPECT_THAT(offered("seki completions "), ElementsAre("bash", "zsh", "fish"));
    directory.file("here.toml", "");
    EXPECT_THAT(offered("seki -c her"), ElementsAre("here.toml"));
    EXPECT_THAT(offered("seki status --config her"), ElementsAre("here.toml"));
    directory.file("with blanks *.toml", "");
    EXPECT_THAT(offered("seki reload --file with"), ElementsAre("with blanks *.toml"));
    EXPECT_THAT(offered("seki state load -f her"), ElementsAre("here.toml"));
    // As bash parts the words of --position=p.
    EXPECT_THAT(offered("seki frontend http add --position = p"), ElementsAre("pre", "post"));
    EXPECT_THAT(offered("seki frontend http add --position ="), ElementsAre("pre", "post", "tree"));
}

// What all shells can do, told in the same words.
struct ShellTest : PrintedTest, testing::WithParamInterface<std::string> {
    void SetUp() override {
        if (!installed(GetParam())) GTEST_SKIP() << GetParam() << " is not installed";
    }
    std::vector<std::string> offers(std::string_view line) { return offered(line, GetParam()); }
};

TEST_P(ShellTest, takes_its_script) {
    const std::string script = directory.file("script", printed("completions " + GetParam()));
    EXPECT_EQ(output_of(GetParam() + " -n " + script), "");
}

TEST_P(ShellTest, is_offered_verbs_at_each_level) {
    EXPECT_THAT(offers("seki fr"), ElementsAre("frontend"));
    EXPECT_THAT(offers("seki -c seki.toml -j frontend http "), UnorderedElementsAre("add", "update", "remove"));
    EXPECT_THAT(offers("seki frontend http add --hostname deny "), UnorderedElementsAre("id", "deny"));
}

TEST_P(ShellTest, is_offered_options) {
    EXPECT_THAT(offers("seki backend add --b"), UnorderedElementsAre("--backend-id", "--backup"));
    EXPECT_THAT(offers("seki status --host"), ElementsAre());
    EXPECT_THAT(offers("seki frontend http add id --hostn"), ElementsAre("--hostname"));
}

TEST_P(ShellTest, is_offered_values) {
    EXPECT_THAT(offers("seki frontend http add --position p"), UnorderedElementsAre("pre", "post"));
    EXPECT_THAT(offers("seki completions "), UnorderedElementsAre("bash", "zsh", "fish"));
    EXPECT_THAT(offers("seki logging "), UnorderedElementsAre("off", "error", "warn", "info", "debug", "trace"));
    directory.file("here.toml", "");
    EXPECT_THAT(offers("seki -c her"), ElementsAre("here.toml"));
    EXPECT_THAT(offers("seki status --config her"), ElementsAre("here.toml"));
}

INSTANTIATE_TEST_SUITE_P(Shells, ShellTest, testing::Values("bash", "zsh", "fish"),
                         [](const auto& shell) { return shell.param; });

TEST_F(PrintedTest, pages_are_taken_by_groff) {
    if (!installed("groff")) GTEST_SKIP() << "groff is not installed";
    const std::string page = directory.file("seki.1", printed("man"));
    EXPECT_EQ(output_of("groff -man -ww -z " + page), "");
}

TEST_F(PrintedTest, every_command_and_option_is_in_all_of_them) {
    CLI::App app("A tree", "tree");
    CLI::App* branch = app.add_subcommand("branch", "It's a branch: with 'quotes' and a \\");
    std::string value;
    branch->add_option("-l,--leaf", value, "A leaf")->type_name("green|brown");
    bool bare = false;
    branch->add_flag("--bare", bare, "No leaves…");
    const CommandDescription root = describe(app);
    for (const std::string& text : {bash_completions(root), zsh_completions(root), fish_completions(root)}) {
        EXPECT_THAT(text, HasSubstr("tree branch"));
        EXPECT_THAT(text, HasSubstr("leaf"));
        EXPECT_THAT(text, HasSubstr("bare"));
        EXPECT_THAT(text, HasSubstr("green brown"));
    }
    const std::string page = manual_page(root, "tree 1");
    EXPECT_THAT(page,
                HasSubstr("\\fBtree\\fR \\fBbranch\\fR [\\fIoptions\\fR]\nIt's a branch: with 'quotes' and a \\e.\n"));
    EXPECT_THAT(page, HasSubstr("\\fB\\-l\\fR, \\fB\\-\\-leaf\\fR \\fIgreen|brown\\fR\nA leaf.\n"));
    EXPECT_THAT(page, HasSubstr("\\fB\\-\\-bare\\fR\nNo leaves\\[u2026].\n"));
}

TEST(Description, has_every_part_of_the_command_line) {
    const std::string page = printed("man");
    EXPECT_THAT(page, HasSubstr(".SS \\fBseki\\fR \\fBman\\fR\n"));
    EXPECT_THAT(
        page,
        HasSubstr(".SS \\fBseki\\fR \\fBfrontend\\fR \\fBhttp\\fR \\fBadd\\fR \\fB\\-\\-address\\fR \\fIIP:PORT\\fR "
                  "\\fB\\-\\-host\\fR \\fITEXT\\fR [\\fIoptions\\fR] \\fBid\\fR "));
    EXPECT_THAT(page, Not(HasSubstr("INT in")));
    EXPECT_THAT(page, HasSubstr("\\fB\\-\\-address\\fR \\fIIP:PORT\\fR\n"));
    EXPECT_THAT(page, HasSubstr("\\fB\\-\\-https\\-redirect\\-port\\fR \\fIN\\fR\n"));
    EXPECT_THAT(page, Not(HasSubstr("\n.\n")));
}

TEST(Description, knows_choices_from_names_of_values) {
    const auto choices = [](const char* type) {
        OptionDescription option;
        option.type = type;
        return option.choices();
    };
    EXPECT_THAT(choices("pre|post|tree"), ElementsAre("pre", "post", "tree"));
    EXPECT_THAT(choices("power_of_two|hrw"), ElementsAre("power_of_two", "hrw"));
    EXPECT_THAT(choices("info|debug|FILTER"), ElementsAre("info", "debug"));
    EXPECT_THAT(choices("TEXT|file://PATH"), ElementsAre());
    EXPECT_THAT(choices("N"), ElementsAre());
    EXPECT_THAT(choices(""), ElementsAre());
}

}  // namespace
}  // namespace seki::ctl
