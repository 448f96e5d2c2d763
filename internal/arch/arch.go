// Package arch holds the picture of the repository as data: which package may
// import which, and which library belongs to whom. Its tests compare the picture
// with the import clauses of every file and hold the conventions of the code.
package arch
