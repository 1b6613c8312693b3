// worker_sentencepiece.cc: the peer of bench_pieces.py, SentencePiece by its C++ interface, without Python between.
//
//     worker_sentencepiece SIDS.txt MODEL_PREFIX THREADS
//     > train unigram 8000         < seconds, pieces an item
//     > encode                     < seconds for all lines, pieces an item
//
// Built by scripts/bench.sh where Debian's libsentencepiece-dev is installed.
#include <sentencepiece_processor.h>
#include <sentencepiece_trainer.h>

#include <chrono>
#include <cstdio>
#include <fstream>
#include <iostream>
#include <sstream>
#include <string>
#include <vector>

using Clock = std::chrono::steady_clock;

static double since(Clock::time_point start) { return std::chrono::duration<double>(Clock::now() - start).count(); }

// A SID is a line of characters, a code each: nothing is normalised, added or split beforehand.
static std::string arguments(const char *file, const char *model, const char *threads, const std::string &kind,
                             const std::string &rows) {
    return std::string("--input=") + file + " --model_prefix=" + model + " --model_type=" + kind + " --vocab_size=" + rows +
           " --num_threads=" + threads +
           " --character_coverage=1.0 --normalization_rule_name=identity --add_dummy_prefix=false"
           " --split_by_unicode_script=false --split_by_number=false --split_by_whitespace=false"
           " --remove_extra_whitespaces=false --input_sentence_size=0 --minloglevel=2 --hard_vocab_limit=false";
}

int main(int, char **argument) {
    std::vector<std::string> lines;
    std::ifstream file(argument[1]);
    for (std::string line; std::getline(file, line);) lines.push_back(line);
    sentencepiece::SentencePieceProcessor processor;
    std::cout << "ready SentencePiece" << std::endl;
    for (std::string line; std::getline(std::cin, line);) {
        std::istringstream words(line);
        std::string what, kind, rows;
        words >> what >> kind >> rows;
        double train_s = 0;
        if (what == "train") {
            auto start = Clock::now();
            auto status = sentencepiece::SentencePieceTrainer::Train(arguments(argument[1], argument[2], argument[3], kind, rows));
            train_s = since(start);
            if (!status.ok() || !processor.Load(std::string(argument[2]) + ".model").ok()) return 1;
        }
        auto start = Clock::now();
        size_t pieces = 0;
        std::vector<int> ids;
        for (const auto &text : lines) {
            if (!processor.Encode(text, &ids).ok()) return 1;
            pieces += ids.size();
        }
        std::printf("%.9g %.9g\n", what == "train" ? train_s : since(start), double(pieces) / double(lines.size()));
        std::fflush(stdout);
    }
}
