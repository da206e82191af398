// Command upshot answers what each incident changed. It runs one command until it ends or a signal arrives.
package main

func main() {}
