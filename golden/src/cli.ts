// Command line of the golden runner.
console.error("golden: no cases yet");
